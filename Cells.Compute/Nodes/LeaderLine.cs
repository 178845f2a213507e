using Cells.Compute.Hosts;
using Cells.Contracts;
using Cells.Messaging.Actors;

namespace Cells.Compute.Nodes;

/// <summary>
/// Stands for the placer at a node: what its pools and hosts say to the placer goes to the leader, numbered; what the leader asks of a host goes to that
/// host's actor. A new leader, or a gap, begins a session anew, and everything is shown from the beginning.
/// </summary>
internal sealed class LeaderLine : ReceiveActor
{
    private static readonly TimeSpan BeatEach = TimeSpan.FromSeconds(1);

    private readonly LineParts _parts;
    private readonly SortedDictionary<Guid, HostAttached> _hosts = [];
    private Leader? _leader;
    private long _epoch;
    private long _number;
    private long _heard;
    private bool _welcome;

    public LeaderLine(LineParts parts)
    {
        _parts = parts;
        Receive<LeaderIs>(OnLeader);
        Receive<Beat>(_ => OnBeat());
        Receive<ToHand>(OnFrame);
        Receive<HostAttached>(m =>
        {
            _hosts[m.Host.Value] = m;
            Say(new HostCame(m.Host, m.Owner));
        });
        Receive<HostDetached>(m =>
        {
            if (_hosts.TryGetValue(m.Host.Value, out var now) && Equals(now.Actor, m.Actor))
                _hosts.Remove(m.Host.Value);
            Say(new HostLeft(m.Host, m.Owner));
        });
        ReceiveAny(Say);
    }

    protected override void PreStart() => Timers.StartPeriodicTimer("beat", Beat.Instance, BeatEach);

    private void OnLeader(LeaderIs m)
    {
        if (m.Leader == _leader && (m.Epoch ?? _epoch) == _epoch)
            return;
        (_leader, _epoch) = (m.Leader, m.Epoch ?? _epoch);
        if (m.Epoch is not null)
            Begin();
        else
            _welcome = false;
    }

    private void Begin()
    {
        (_welcome, _heard) = (false, 0);
        Standing.Session++;
        Send(new Hello(), 0);
    }

    private void OnBeat()
    {
        if (_welcome)
            Send(new StillHere(_heard), _number);
        else if (_leader is not null)
            Begin();
    }

    private void OnFrame(ToHand m)
    {
        if (m.LeaderEpoch != _leader?.Epoch || m.Session != Standing.Session)
            return;                                               // of another leader, or of a session that is over
        if (m.Number <= _heard && m.Message is not BeginAgain)
            return;                                               // it came before
        _heard = Math.Max(_heard, m.Number);
        switch (m.Message)
        {
            case Welcome when !_welcome:
                (_welcome, _number) = (true, 0);
                NodeTelemetry.Attached(_parts.Setup.Logger, _parts.Setup.Node, _leader.Node, m.LeaderEpoch);
                _parts.Hand.Tell(ShowAgain.Instance, Self);
                break;
            case Welcome:
                break;
            case BeginAgain:
                Begin();
                break;
            case var asked when m.Host is { } host && _hosts.TryGetValue(host.Value, out var at):
                at.Actor.Tell(asked, Self);
                break;
        }
    }

    // Before the welcome nothing is sent: all of it is shown after.
    private void Say(object message)
    {
        if (_welcome)
            Send(message, ++_number);
    }

    /// <summary>A frame that cannot be sent is a gap, which the leader sees by the next one's number.</summary>
    private void Send(object message, long number)
    {
        if (_leader is not { } leader)
            return;
        var frame = new ToLeader(_parts.Setup.Node, _epoch, leader.Epoch, Standing.Session, number, message);
        if (leader.Node == _parts.Setup.Node)
            Standing.LocalLeader?.Tell(frame, Self);
        else if (!_parts.Setup.Bus.TrySend(leader.Node, _parts.Setup.Wire.Write(frame)))
            NodeTelemetry.NotSent(_parts.Setup.Logger, _parts.Setup.Node, leader.Node, message.GetType().Name);
    }

    private HandStanding Standing => _parts.Standing;

    private sealed record Beat
    {
        public static readonly Beat Instance = new();
    }
}

internal sealed record LineParts(HandSetup Setup, HandStanding Standing, IActorRef Hand)
{
    /// <summary>Tickets are asked for by the leader, who has the links: over the line.</summary>
    public Action<AskTicket> TicketsBy(IActorRef line) => ask => line.Tell(ask, Hand);
}

/// <summary>From the hand to its line, at each look.</summary>
/// <param name="Leader">Null while nobody leads.</param>
/// <param name="Epoch">Of the node's lease; null while it is not held.</param>
internal sealed record LeaderIs(Leader? Leader, long? Epoch);
