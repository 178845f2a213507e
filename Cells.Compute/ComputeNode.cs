using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage.Leases;

namespace Cells.Compute;

/// <summary>
/// The one that the links know. Only the holder of the cell's lease places, runs workflows and owns pools: the cell's actors live from the moment the
/// lease is taken until it is lost. What comes in between waits; what a stopped life left unanswered its link gives again.
/// </summary>
internal sealed class ComputeNode : ReceiveActor
{
    private readonly Props _cell;
    private readonly SortedDictionary<string, NeighbourChanged> _neighbours = new(StringComparer.Ordinal);
    private IActorRef? _living;
    private bool _mayLive;

    /// <param name="cell">The cell's own router: <see cref="ComputeRouter"/>.</param>
    public ComputeNode(Props cell)
    {
        _cell = cell;

        Receive<LeaseTaken>(_ =>
        {
            _mayLive = true;
            Live();
        });
        Receive<LeaseLost>(_ =>
        {
            _mayLive = false;
            if (_living is not null)
                Context.Stop(_living);
        });
        Receive<Terminated>(_ =>
        {
            _living = null;
            Live();
        });
        Receive<NeighbourChanged>(m =>
        {
            _neighbours[m.Link.Value] = m;                        // a later life is told how things stand
            _living?.Tell(m, Sender);
        });
        ReceiveAny(m =>
        {
            if (_living is not null)
                _living.Tell(m, Sender);
            else
                Stash.Stash();
        });
    }

    private void Live()
    {
        if (!_mayLive || _living is not null)
            return;                                               // a former life is still ending: its end calls this again
        _living = Context.Watch(Context.ActorOf(_cell));
        foreach (var neighbour in _neighbours.Values)
            _living.Tell(neighbour, Self);
        Stash.UnstashAll();
    }
}
