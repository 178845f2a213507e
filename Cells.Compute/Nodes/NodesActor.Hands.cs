using Cells.Compute.Hosts;
using Cells.Compute.Pools;
using Cells.Compute.Questions;
using Cells.Compute.Reconciling;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;

namespace Cells.Compute.Nodes;

/// <summary>What hands say, and what they are told.</summary>
internal sealed partial class NodesActor
{
    // A hand says something each second. Longer, and its way is closed though its lease lives: nothing is known of its hosts until it is heard again.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    // Then its pools are given to others.
    private static readonly TimeSpan MutePatience = TimeSpan.FromSeconds(15);

    private readonly SortedDictionary<NodeName, Hand> _hands = [];
    private readonly SortedDictionary<Guid, Owned> _owned = [];
    private readonly SortedDictionary<NodeName, long> _heardAt = [];

    private void ReceiveHands()
    {
        Receive<ToLeader>(OnFrame);
        Receive<ForHost>(m =>
        {
            if (_hands.TryGetValue(m.Node, out var hand))
                Send(hand, m.Host, m.Message);
        });
        Receive<ImageTicket>(m =>
        {
            foreach (var hand in _hands.Values)
                Send(hand, host: null, m);
        });
        Receive<ShowAgain>(_ =>
        {
            _told = null;
            foreach (var hand in _hands.Values)
                AskToBegin(hand);
        });
    }

    private void OnFrame(ToLeader m)
    {
        var known = _hands.GetValueOrDefault(m.From);
        if (m.LeaderEpoch != _epoch || m.NodeEpoch < known?.Epoch)
            return;                                               // for another leader, or of a life that is over
        if (m.Message is Hello)
        {
            Attach(m, known);
            return;
        }
        if (known is null || m.Session != known.Session || m.NodeEpoch != known.Epoch)
        {
            Send(new Hand(m.From, m.NodeEpoch, m.Session), host: null, new BeginAgain());
            return;
        }
        if (!IsDeaf(known, m.Message))
            _heardAt[m.From] = _setup.Time.GetTimestamp();
        var expected = known.Number + 1;
        if (known.IsBroken || m.Number < expected)
        {
            if (m.Message is StillHere && known.IsBroken)
                AskToBegin(known);
            return;                                               // what is missing is shown again by the next session; or it came twice
        }
        if (m.Message is StillHere || m.Number > expected)
        {
            NodeTelemetry.Gap(_setup.Logger, m.From, m.Number, expected);
            AskToBegin(known);
            return;
        }
        known.Number = m.Number;
        Take(known, m.Message);
    }

    private void Attach(ToLeader m, Hand? known)
    {
        if (known is not null && m.NodeEpoch == known.Epoch && m.Session < known.Session)
            return;
        if (known is not null && m.NodeEpoch != known.Epoch)
            Detach(known, "it began a new life");
        // One that says nothing but hello hears no welcome.
        if (known is null || known.Number > 0)
            _heardAt[m.From] = _setup.Time.GetTimestamp();
        var isNew = _hands.GetValueOrDefault(m.From) is not { } standing || m.Session != standing.Session;
        var hand = isNew ? new Hand(m.From, m.NodeEpoch, m.Session) : known!;
        if (isNew)
        {
            // What it has it will say: a host that left in the gap must not keep an actor that nobody is behind.
            foreach (var (host, proxy) in _hands.GetValueOrDefault(m.From)?.Hosts ?? [])
                Part(new HostId(host), proxy);
            _hands[m.From] = hand;
            NodeTelemetry.Came(_setup.Logger, m.From, m.Session);
        }
        Send(hand, host: null, new Welcome());
    }

    private void Take(Hand hand, object message)
    {
        switch (message)
        {
            case PoolTaken taken:
                Own(hand, taken);
                break;
            case HostCame came when OwnerIs(hand, came.Owner.Pool):
                if (!hand.Hosts.TryGetValue(came.Host.Value, out var proxy))
                {
                    var host = came.Host;
                    proxy = new Proxy(Context.ActorOf(Props.Create(() => new HostProxy(Self, hand.Node, host))), came.Owner);
                }
                hand.Hosts[came.Host.Value] = proxy = proxy with { Owner = came.Owner };
                _setup.Placer.Tell(new HostAttached(came.Host, came.Owner, proxy.Actor), Self);
                break;
            case HostCame:
                break;                                            // of a pool that another node has taken since
            case HostLeft left:
                if (hand.Hosts.Remove(left.Host.Value, out var gone))
                    Part(left.Host, gone);
                break;
            case AskTicket ask:
                _setup.Router.Tell(ask, Self);
                break;
            case PoolStatusChanged { Pool: { } pool } status when OwnerIs(hand, pool):
                if (status.Status == PoolStatus.Ready)
                    _readyAt[status.PoolName] = hand.Node;
                _setup.Placer.Tell(status, Self);
                break;
            case PoolStatusChanged { Pool: null } status when _planned.TryGetValue(status.PoolName, out var planned) && planned.Node == hand.Node:
                _setup.Placer.Tell(status, Self);                 // why it has not taken the pool
                break;
            case PoolStatusChanged:
                break;                                            // of a pool that is another node's
            case QuestionAnswered:
                _setup.Placer.Tell(message, Self);                // about an instance, for who asked
                break;
            default:
                if (PoolOf(message) is { } about && OwnerIs(hand, about))
                    _setup.Placer.Tell(message, Self);
                break;
        }
    }

    private void Own(Hand hand, PoolTaken taken)
    {
        var pool = taken.Owner.Pool.Value;
        if (!_owned.TryGetValue(pool, out var before) || before.Owner.Epoch <= taken.Owner.Epoch)
            _owned[pool] = new Owned(taken.PoolName, taken.Owner, hand.Node);
    }

    private bool OwnerIs(Hand hand, PoolId pool) => _setup.SkipOwnerCheck || (_owned.TryGetValue(pool.Value, out var owned) && owned.Node == hand.Node);

    private static PoolId? PoolOf(object message) => message switch
    {
        PoolShown m => m.Pool,
        VmShown m => m.Vm.Pool,
        VmGone m => m.Last.Pool,
        VdiShown m => m.Vdi.Pool,
        VdiGone m => m.Last.Pool,
        HostShown m => m.Host.Pool,
        HostGone m => m.Pool,
        SrShown m => m.Sr.Pool,
        SrGone m => m.Pool,
        HostHealthChanged m => m.Pool,
        OutsideUsage m => m.Pool,
        StepEnded m => m.Owner.Pool,
        UnfinishedClonesFound m => m.Owner.Pool,
        _ => throw new InvalidOperationException($"Of which pool a {message.GetType().Name} is, is not known here."),
    };

    /// <summary>What was sent before its last beat has not come: it speaks, and hears nothing.</summary>
    private static bool IsDeaf(Hand hand, object message)
    {
        if (message is StillHere beat)
            (hand.IsDeaf, hand.SentAtBeat) = (beat.Heard < hand.SentAtBeat, hand.Sent);
        return hand.IsDeaf;
    }

    private void JudgeSilence(Hand hand)
    {
        if (hand.IsBroken || _setup.Time.GetElapsedTime(_heardAt[hand.Node]) < Silence)
            return;
        hand.IsBroken = true;
        Mute(hand, $"node {hand.Node} has not been heard for {Silence.TotalSeconds:0} s");
    }

    /// <summary>Its lease lives and no word of it comes: another node serves its pools better.</summary>
    private bool IsMute(NodeName node) =>
        _setup.Time.GetElapsedTime(_heardAt.GetValueOrDefault(node, _began)) > MutePatience;

    private void AskToBegin(Hand hand)
    {
        hand.IsBroken = true;
        Send(hand, host: null, new BeginAgain());
    }

    private void Detach(Hand hand, string reason)
    {
        var pools = _owned.Values.Where(o => o.Node == hand.Node).Select(o => o.Name).ToList();
        NodeTelemetry.Gone(_setup.Logger, hand.Node, reason, string.Join(", ", pools));
        Mute(hand, $"node {hand.Node} is gone");
        foreach (var (host, proxy) in hand.Hosts)
            Part(new HostId(host), proxy);
        _hands.Remove(hand.Node);
        _heardAt[hand.Node] = _setup.Time.GetTimestamp();
    }

    /// <summary>What a hand's pools last showed may be true no more: their hosts take nothing new until somebody shows them again.</summary>
    private void Mute(Hand hand, string reason)
    {
        foreach (var (pool, owned) in _owned.Where(o => o.Value.Node == hand.Node))
        {
            _readyAt.Remove(owned.Name);
            _setup.Placer.Tell(new PoolStatusChanged(owned.Name, new PoolId(pool), PoolStatus.Connecting, reason), Self);
        }
    }

    private void Part(HostId host, Proxy proxy)
    {
        _setup.Placer.Tell(new HostDetached(host, proxy.Owner, proxy.Actor), Self);
        Context.Stop(proxy.Actor);
    }

    private void Send(Hand hand, HostId? host, object message)
    {
        var frame = new ToHand(hand.Node, hand.Epoch, _epoch, hand.Session, ++hand.Sent, host, message);
        if (hand.Node == _setup.Node)
            _setup.Hand.Tell(frame, Self);
        else
            _setup.Bus.TrySend(hand.Node, _setup.Wire.Write(frame));   // dropped, it is asked for again
    }

    private sealed record Owned(string Name, PoolOwner Owner, NodeName Node);

    private sealed record Proxy(IActorRef Actor, PoolOwner Owner);

    private sealed record ForHost(NodeName Node, HostId Host, object Message);

    /// <summary>A hand and how far it was heard.</summary>
    private sealed class Hand(NodeName node, long epoch, long session)
    {
        public NodeName Node { get; } = node;
        public long Epoch { get; } = epoch;
        public long Session { get; } = session;
        public long Number { get; set; }
        public bool IsBroken { get; set; }

        /// <summary>The number of the last frame that went down.</summary>
        public long Sent { get; set; }

        /// <summary>That number at its last beat.</summary>
        public long SentAtBeat { get; set; }

        public bool IsDeaf { get; set; }
        public SortedDictionary<Guid, Proxy> Hosts { get; } = [];
    }

    /// <summary>A host's actor at another node, as the placer sees it.</summary>
    private sealed class HostProxy : ReceiveActor
    {
        public HostProxy(IActorRef nodes, NodeName node, HostId host) => ReceiveAny(m => nodes.Tell(new ForHost(node, host, m), Self));
    }
}
