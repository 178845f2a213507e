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
    private readonly Standing _standing;
    private IActorRef? _living;

    /// <param name="cell">The cell's own router: <see cref="ComputeRouter"/>.</param>
    /// <param name="standing">Kept outside, because the keeper and the links tell it only once: a restart must know it still.</param>
    public ComputeNode(Props cell, Standing standing)
    {
        (_cell, _standing) = (cell, standing);

        Receive<LeaseTaken>(_ =>
        {
            _standing.HoldsLease = true;
            Live();
        });
        Receive<LeaseLost>(_ =>
        {
            _standing.HoldsLease = false;
            if (_living is not null)
                Context.Stop(_living);
        });
        Receive<LeaseElsewhere>(_ => { });                        // it takes the lease again when it is free
        Receive<Terminated>(_ =>
        {
            _living = null;
            Live();
        });
        Receive<NeighbourChanged>(m =>
        {
            _standing.Neighbours[m.Link.Value] = m;                        // a later life is told how things stand
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

    // Its children ended with the former instance.
    protected override void PreStart() => Live();

    private void Live()
    {
        if (!_standing.HoldsLease || _living is not null)
            return;                                               // a former life is still ending: its end calls this again
        _living = Context.Watch(Context.ActorOf(_cell));
        foreach (var neighbour in _standing.Neighbours.Values)
            _living.Tell(neighbour, Self);
        Stash.UnstashAll();
    }

    /// <summary>What the node has been told of its lease and its neighbours.</summary>
    internal sealed class Standing
    {
        public bool HoldsLease { get; set; }

        public SortedDictionary<string, NeighbourChanged> Neighbours { get; } = new(StringComparer.Ordinal);
    }
}
