using Cells.Compute;
using Cells.Compute.Hosts;
using Cells.Compute.Nodes;
using Cells.Compute.Pools;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Nodes;
using Cells.UnitTests.Messaging.Actors;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.Nodes;

/// <summary>Either end of the frames between nodes, with the other one played by the test.</summary>
public sealed class LeaderAndHandTests : SteppedFixture
{
    private const long LeaderEpoch = 5, NodeEpoch = 7;
    private static readonly NodeName One = NodeName.Parse("one"), Two = NodeName.Parse("two"), Three = NodeName.Parse("three");
    private static readonly PoolOwner Owner = new(Rows.Place.Pool, 4);

    private readonly RecordingBus _bus = new();
    private readonly NodeWire _wire = new(new SessionVault(new byte[32], new SystemIds()), Rows.Cell);
    private readonly List<object> _heard = [];

    [Test]
    public void A_step_whose_frame_comes_twice_is_performed_once()
    {
        var line = Start(Props.Create(() => new LeaderLine(new LineParts(Hand(Two), new HandStanding(), Listener("hand")))), "line");
        TellAndRun(line, new LeaderIs(new Leader(One, LeaderEpoch), NodeEpoch));
        var session = Sent<ToLeader>().Last().Session;
        TellAndRun(line, new ToHand(Two, NodeEpoch, LeaderEpoch, session, 1, null, new Welcome()));
        TellAndRun(line, new HostAttached(Rows.Place.Host, Owner, Listener("host")));
        _heard.Clear();

        var frame = new ToHand(Two, NodeEpoch, LeaderEpoch, session, 2, Rows.Place.Host, new PerformStep(Rows.Building(), MaybeDone: false));
        TellAndRun(line, frame);
        TellAndRun(line, frame);

        Assert.That(_heard.OfType<PerformStep>().Count(), Is.EqualTo(1));
    }

    [Test]
    public void What_a_hand_says_of_another_ones_pool_changes_nothing()
    {
        var nodes = Leader();
        Say(nodes, Two, 0, new Hello());
        Say(nodes, Two, 1, new PoolTaken("pool", Owner));
        Say(nodes, Three, 0, new Hello());

        Say(nodes, Three, 1, new HostCame(Rows.Place.Host, Owner));
        Say(nodes, Two, 2, new HostCame(Rows.Place.Host, Owner));

        Assert.That(_heard.OfType<HostAttached>().Count(), Is.EqualTo(1), "and what is known of hands is known still");
    }

    [Test]
    public void A_host_that_left_while_nothing_was_heard_has_no_actor_in_the_next_session()
    {
        var nodes = Leader();
        Say(nodes, Two, 0, new Hello());
        Say(nodes, Two, 1, new PoolTaken("pool", Owner));
        Say(nodes, Two, 2, new HostCame(Rows.Place.Host, Owner));

        TellAndRun(nodes, new ToLeader(Two, NodeEpoch, LeaderEpoch, 2, 0, new Hello()));

        Assert.That(_heard.OfType<HostDetached>().Select(m => m.Host), Is.EqualTo(new[] { Rows.Place.Host }));
    }

    [Test]
    public void A_hand_that_speaks_and_hears_nothing_is_not_heard_itself()
    {
        var nodes = Leader();
        Say(nodes, Two, 0, new Hello());
        Say(nodes, Two, 1, new PoolTaken("pool", Owner));

        for (var second = 0; second < 8; second++)
        {
            World.RunFor(TimeSpan.FromSeconds(1));
            TellAndRun(nodes, new ToLeader(Two, NodeEpoch, LeaderEpoch, 1, 1, new StillHere(Heard: 0)));
            TellAndRun(nodes, Board());
        }

        Assert.That(_heard.OfType<PoolStatusChanged>().Select(m => m.Reason), Is.EqualTo(new[] { "node two has not been heard for 5 s" }));
    }

    private IActorRef Leader()
    {
        var placer = Listener("placer");
        var setup = new NodesSetup(
            Rows.Cell, One, Options(), null!, _bus, _wire, Listener("own-hand"), placer, Listener("router"), World.Time, NullLogger.Instance);
        var nodes = Start(Props.Create(() => new NodesActor(setup)), "nodes");
        TellAndRun(nodes, Board());
        _heard.Clear();
        return nodes;
    }

    private static BoardSeen Board() => new(
        new NodeBoard(new Leader(One, LeaderEpoch), new Dictionary<NodeName, Cells.Messaging.Storage.Leases.LeaseRow>(), new Dictionary<string, Given>()),
        [new NodeSeen(Two, NodeEpoch, IsDead: false, Moves: true), new NodeSeen(Three, NodeEpoch, IsDead: false, Moves: true)]);

    private void Say(IActorRef nodes, NodeName from, long number, object message) =>
        TellAndRun(nodes, new ToLeader(from, NodeEpoch, LeaderEpoch, 1, number, message));

    private IEnumerable<T> Sent<T>() => _bus.Frames.Select(f => _wire.Read(f.Span)).OfType<T>();

    private IActorRef Listener(string name) => Start(Props.Create(() => new Hearing(_heard)), name);

    private HandSetup Hand(NodeName node) => new(Rows.Cell, node, Options(), null!, null!, _bus, _wire, World.Time, NullLogger.Instance);

    private static ComputeOptions Options() => new() { Hosts = [], Sessions = new SessionVault(new byte[32], new SystemIds()) };

    private sealed class Hearing : ReceiveActor
    {
        public Hearing(List<object> heard) => ReceiveAny(heard.Add);
    }

    private sealed class RecordingBus : INodeBus
    {
        public List<ReadOnlyMemory<byte>> Frames { get; } = [];

        public bool TrySend(NodeName to, ReadOnlyMemory<byte> frame)
        {
            Frames.Add(frame.ToArray());
            return true;
        }

        public IDisposable Listen(NodeName node, Action<ReadOnlyMemory<byte>> receive) => throw new AssertionException("Nobody listens here.");
    }
}
