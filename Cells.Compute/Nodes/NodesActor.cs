using Cells.Compute.Hosts;
using Cells.Compute.Pools;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Nodes;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.Leases;
using Microsoft.Extensions.Logging;

namespace Cells.Compute.Nodes;

/// <summary>
/// The leader's side of its hands: gives pools to nodes, and stands for the hands' pools and hosts toward the placer. Of what two hands say of one pool
/// only the later owner's word counts. Lives as long as this process leads.
/// </summary>
internal sealed partial class NodesActor : ReceiveActor
{
    // A pool that does not come up at its new node must not keep the others where they are.
    private static readonly TimeSpan MovePatience = TimeSpan.FromSeconds(30), BetweenMoves = TimeSpan.FromSeconds(2);

    private readonly NodesSetup _setup;
    private readonly string[] _pools;
    private readonly SortedDictionary<string, NodeName> _readyAt = new(StringComparer.Ordinal);
    private NodeBoard? _board;
    private IReadOnlyDictionary<string, Given> _planned = new SortedDictionary<string, Given>(StringComparer.Ordinal);
    private IReadOnlyList<NodeSeen> _nodes = [];
    private long _epoch;
    private readonly long _began;
    private long _movedAt;
    private IReadOnlyList<CellNode>? _told;
    private bool _giving;

    public NodesActor(NodesSetup setup)
    {
        _setup = setup;
        _pools = [.. setup.Options.Hosts.Select(HandActor.NameOf).Order(StringComparer.Ordinal)];
        _began = _movedAt = setup.Time.GetTimestamp();

        Receive<BoardSeen>(OnBoard);
        Receive<GiveEnded>(OnGiveEnded);
        ReceiveHands();
    }

    protected override void PreStart() => _setup.Hand.Tell(new LeaderHere(Self), Self);

    private void OnBoard(BoardSeen m)
    {
        if (m.Board.Leader is not { } leader || leader.Node != _setup.Node)
            return;                                               // this process leads no more, and will be told so
        (_board, _nodes, _epoch) = (m.Board, m.Nodes, leader.Epoch);
        _planned = m.Board.Plan;
        foreach (var hand in _hands.Values.ToList())
            if (_nodes.FirstOrDefault(n => n.Node == hand.Node) is not { IsDead: false } seen || seen.Epoch > hand.Epoch)
                Detach(hand, "its lease has ended");
            else
                JudgeSilence(hand);
        Tell(m.Board);
        Give();
    }

    private void Give()
    {
        if (_giving || _board is not { } board)
            return;
        var since = _setup.Time.GetElapsedTime(_movedAt);
        var atHome = _pools.All(p => board.Plan.TryGetValue(p, out var given) && _readyAt.TryGetValue(p, out var at) && at == given.Node);
        var next = DividePools.Next(
            _pools, board.Plan.ToDictionary(p => p.Key, p => p.Value.Node, StringComparer.Ordinal),
            node => _nodes.FirstOrDefault(n => n.Node == node) is not { IsDead: false } || IsMute(node),
            [.. _hands.Values.Where(h => !h.IsBroken).Select(h => h.Node)],
            mayMove: since > BetweenMoves && (atHome || since > MovePatience));
        if (next.Count == 0)
            return;
        _giving = true;
        var writes = next.Select(g => new GivePool(
            g.Pool, g.Node, board.Plan.TryGetValue(g.Pool, out var given) ? given.Generation : 0, OneProcess.LeaseOf(_setup.Cell), _epoch)).ToList();
        PipeToSelf(
            _setup.Committer.CommitAsync(new Change([.. writes])),
            outcome => new GiveEnded(writes, outcome),
            error => throw new InvalidOperationException("The committer gave no outcome for giving pools away.", error));
    }

    private void OnGiveEnded(GiveEnded m)
    {
        _giving = false;
        _board = null;                                            // read again before the next
        if (m.Outcome is not CommitOutcome.Committed)
            return;
        _movedAt = _setup.Time.GetTimestamp();
        foreach (var given in m.Writes)
            NodeTelemetry.Gives(_setup.Logger, given.Pool, given.Node);
        foreach (var hand in _hands.Values)
            Send(hand, host: null, new LookNow());
    }

    /// <summary>The parents are shown who runs the cell, with its news.</summary>
    private void Tell(NodeBoard board)
    {
        IReadOnlyList<CellNode> nodes =
        [
            .. _nodes.Where(n => board.Nodes.GetValueOrDefault(n.Node)?.Holder is not null).Select(n => new CellNode(
                n.Node.Value, n.Node == _setup.Node, !n.IsDead && _hands.TryGetValue(n.Node, out var hand) && !hand.IsBroken,
                [.. board.Plan.Where(p => p.Value.Node == n.Node).Select(p => p.Key).Order(StringComparer.Ordinal)])),
        ];
        if (_told is { } before && before.Zip(nodes).All(n => n.First with { Pools = n.Second.Pools } == n.Second && n.First.Pools.SequenceEqual(n.Second.Pools)) && before.Count == nodes.Count)
            return;
        _told = nodes;
        _setup.Placer.Tell(new CellNodes(nodes), Self);
    }

    private sealed record GiveEnded(IReadOnlyList<GivePool> Writes, CommitOutcome Outcome);
}

/// <summary>What the leader's side is made with.</summary>
/// <param name="Hand">This process's own.</param>
/// <param name="Router">Commits what is asked for above.</param>
internal sealed record NodesSetup(
    CellName Cell, NodeName Node, ComputeOptions Options, ICommitter Committer, INodeBus Bus, NodeWire Wire, IActorRef Hand, IActorRef Placer, IActorRef Router,
    TimeProvider Time, ILogger Logger)
{
    /// <summary>A bug that tests plant: what any node says of a pool counts.</summary>
    public bool SkipOwnerCheck { get; init; }
}

/// <summary>From the leader's side of the nodes to the placer: who runs the cell, as the news shall tell.</summary>
internal sealed record CellNodes(IReadOnlyList<CellNode> Nodes);
