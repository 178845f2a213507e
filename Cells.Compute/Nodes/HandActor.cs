using Cells.Compute.Hosts;
using Cells.Compute.Images;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Nodes;
using Cells.Messaging.Storage.Leases;

namespace Cells.Compute.Nodes;

/// <summary>
/// A node's pools: while its lease is held it reads each half second what it was given, runs the actors of those pools, and lets them talk to whoever
/// leads. It decides nothing and writes no row but its pools' owners'. The leader's node has one too.
/// </summary>
internal sealed class HandActor : ReceiveActor
{
    private static readonly TimeSpan LookEach = TimeSpan.FromSeconds(0.5);

    private readonly HandSetup _setup;
    private readonly HandStanding _standing;
    private readonly SortedDictionary<string, HostLogin> _logins;
    private readonly SortedDictionary<string, IActorRef> _pools = new(StringComparer.Ordinal);
    private readonly SortedDictionary<NodeName, NodeWatch> _watches = [];
    private readonly SortedSet<string> _unknown = new(StringComparer.Ordinal);   // told once
    private readonly IActorRef _line;
    private readonly IActorRef _images;
    private readonly IActorRef _uploads;
    private readonly HostSetup _hosts;
    private long _started;
    private bool _looking;

    /// <param name="standing">Kept outside, because the keeper tells it only once: a restart must know it still.</param>
    public HandActor(HandSetup setup, HandStanding standing)
    {
        (_setup, _standing) = (setup, standing);
        _logins = new SortedDictionary<string, HostLogin>(setup.Options.Hosts.ToDictionary(NameOf), StringComparer.Ordinal);
        var parts = new LineParts(setup, standing, Self);
        _line = Context.ActorOf(Props.Create(() => new LeaderLine(parts)).WithMailboxCapacity(HandSetup.Mailbox), "line");
        _images = Context.ActorOf(Props.Create(() => new ImageCacheActor(setup.Images, parts.TicketsBy(_line))), "images");
        _uploads = Context.ActorOf(Props.Create(() => new UploadTicketsActor(setup.Images, parts.TicketsBy(_line))), "uploads");
        _hosts = new HostSetup(_line, new ImageCache(_images, _uploads, setup.Images), setup.Options.StepsPerHost, setup.Options.TransfersPerHost, setup.Time, setup.Options.GuestPatience, setup.Logger);

        Receive<LeaseTaken>(m =>
        {
            _standing.Epoch = m.Epoch;
            NodeTelemetry.Lives(_setup.Logger, _setup.Node, _setup.Cell, m.Epoch);
            Look();
        });
        Receive<LeaseLost>(_ => Stop());
        Receive<LeaseElsewhere>(_ => { });                        // it takes the lease again when it is free
        Receive<LookDue>(_ => Look());
        Receive<BoardRead>(OnBoard);
        Receive<BoardUnread>(m =>
        {
            _looking = false;
            _watches.Clear();                                     // what stood still while nothing could be read may not have stood still
            ComputeTelemetry.DatabaseAway(_setup.Logger, _setup.Cell, m.Error.Message);
        });
        Receive<ToLeader>(m => _standing.LocalLeader?.Tell(m, Self));
        Receive<ToHand>(OnFrame);
        Receive<LeaderHere>(m =>
        {
            _standing.LocalLeader = Context.Watch(m.Leader);
            Look();
        });
        Receive<ShowAgain>(m =>
        {
            foreach (var pool in _pools.Values)
                pool.Tell(m, Self);
        });
        Receive<Terminated>(OnTerminated);
    }

    /// <summary>What a pool is called in the plan: as everywhere, by the address that it is configured with.</summary>
    public static string NameOf(HostLogin login) => login.Address.ToString();

    protected override void PreStart() => Timers.StartPeriodicTimer("look", LookDue.Instance, LookEach);

    private void Stop()
    {
        _standing.Epoch = null;
        foreach (var pool in _pools.Values)
            Context.Stop(pool);
        Tell(leader: null);
    }

    private void Look()
    {
        if (_looking || _standing.Epoch is not { } epoch)
            return;
        _looking = true;
        _started = _setup.Time.GetTimestamp();
        PipeToSelf(
            NodeBoard.ReadAsync(_setup.World.Database, _setup.Cell, Stopping),
            board => new BoardRead(epoch, board),
            error => new BoardUnread(error));
    }

    private void OnBoard(BoardRead m)
    {
        _looking = false;
        var ended = _setup.Time.GetTimestamp();
        foreach (var (node, row) in m.Board.Nodes)
            _watches[node] = (_watches.GetValueOrDefault(node) ?? NodeWatch.New).On(row, _started, ended, _setup.Time);
        if (m.Epoch != _standing.Epoch)
            return;                                               // the lease was lost meanwhile
        Run([.. m.Board.Plan.Where(p => p.Value.Node == _setup.Node).Select(p => p.Key)]);
        Tell(m.Board.Leader);
        _standing.LocalLeader?.Tell(
            new BoardSeen(m.Board, [.. _watches.Select(w => w.Value.Seen(w.Key))]), Self);
    }

    /// <summary>Runs the pools that this node was given, and no other. One that has just been stopped begins again once it has ended.</summary>
    private void Run(SortedSet<string> given)
    {
        foreach (var (name, pool) in _pools.Where(p => !given.Contains(p.Key)).ToList())
            Context.Stop(pool);
        foreach (var name in given.Where(name => !_logins.ContainsKey(name)))
        {
            if (_unknown.Add(name))
                NodeTelemetry.NotConfigured(_setup.Logger, _setup.Node, name);
        }
        foreach (var name in given.Where(name => !_pools.ContainsKey(name) && _logins.ContainsKey(name)))
        {
            var login = _logins[name];
            var config = new PoolConfig(name, [login.Address, .. login.Members], login.Credentials);
            _pools[name] = Context.Watch(Context.ActorOf(Props.Create(() => new PoolActor(
                config, _setup.World, _line, (info, pool) => Props.Create(() => new HostActor(info, pool, _hosts))))));
        }
    }

    private void Tell(Leader? leader) => _line.Tell(new LeaderIs(leader, _standing.Epoch), Self);

    private void OnFrame(ToHand m)
    {
        if (m.NodeEpoch != _standing.Epoch)
            return;                                               // for a former life of this node
        switch (m.Message)
        {
            case LookNow:
                Look();
                break;
            case ImageTicket ticket:
                (ticket.ToWrite ? _uploads : _images).Tell(ticket, Self);
                break;
            default:
                _line.Tell(m, Self);
                break;
        }
    }

    private void OnTerminated(Terminated m)
    {
        if (Equals(m.ActorRef, _standing.LocalLeader))
            _standing.LocalLeader = null;
        foreach (var ended in _pools.Where(p => Equals(p.Value, m.ActorRef)).Select(p => p.Key).ToList())
            _pools.Remove(ended);                                 // fenced, or stopped: the plan says at the next look whether it begins again
    }

    private sealed record BoardRead(long Epoch, NodeBoard Board);

    private sealed record BoardUnread(Exception Error);

    private sealed record LookDue
    {
        public static readonly LookDue Instance = new();
    }
}

/// <summary>What a node's hand is made with.</summary>
internal sealed record HandSetup(
    CellName Cell, NodeName Node, ComputeOptions Options, PoolWorld World, ImageCacheSetup Images, INodeBus Bus, NodeWire Wire, TimeProvider Time,
    Microsoft.Extensions.Logging.ILogger Logger)
{
    /// <summary>What pools show must not be lost to a short flood.</summary>
    public const int Mailbox = 65_536;
}

/// <summary>What the hand has been told, whatever becomes of its actor.</summary>
internal sealed class HandStanding
{
    /// <summary>Of the node's lease; null while it is not held.</summary>
    public long? Epoch { get; set; }

    /// <summary>Where the cell's leader is in this process; null when it is elsewhere.</summary>
    public IActorRef? LocalLeader { get; set; }

    /// <summary>The last session with a leader, of all that this process ever had.</summary>
    public long Session { get; set; }
}

/// <summary>To the hand of its process: this one leads the cell, until it terminates.</summary>
internal sealed record LeaderHere(IActorRef Leader);

/// <summary>From the hand of its process to the leader, each half second.</summary>
internal sealed record BoardSeen(NodeBoard Board, IReadOnlyList<NodeSeen> Nodes);
