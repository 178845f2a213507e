using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Nodes;
using Cells.Compute.Pools;
using Cells.Compute.Questions;
using Cells.Compute.Reconciling;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Scheduler;
using NUnit.Framework;
using XenHost = Cells.Compute.XenApi.Host;

namespace Cells.UnitTests.Compute.Nodes;

public sealed class NodeWireTests
{
    private static readonly PoolId Pool = Rows.Place.Pool;
    private static readonly HostId Host = Rows.Place.Host;
    private static readonly Stamp Stamp = new(Rows.Id, 3, 2);

    private readonly NodeWire _wire = new(Vault(1), Rows.Cell);

    private static object[] ToThePlacer() =>
    [
        new PoolTaken("http://h1:80", new PoolOwner(Pool, 4)),
        new HostHealthChanged(Pool, Host, HostStatus.Suspect, new HostHealth(HostStatus.Up, TimeSpan.FromSeconds(3))),
        new VmShown(new VmObservation(Pool, Guid.NewGuid(), new XenRef<Vm>("OpaqueRef:1"), Stamp, "web", VmPowerState.Running, Host, null, 1, 512, 3)),
        new VdiShown(new VdiObservation(Pool, Guid.NewGuid(), new XenRef<Vdi>("OpaqueRef:2"), Stamp, "web", Rows.Place.Sr, 5, InUse: true)),
        new HostShown(new HostObservation(Pool, Host, new XenRef<XenHost>("OpaqueRef:3"), "h1", HostAddress.Parse("http://h1:8080"), true, true, 4, 9)
        {
            Networks = NetworkSet.Of(["a", "b"]),
        }),
        new HostGone(Pool, Host),
        new PoolStatusChanged("http://h1:80", Pool, PoolStatus.Ready, "connected"),
        new HostCame(Host, new PoolOwner(Pool, 4)),
        new StepEnded(StepKey.Of(Rows.Building()), [new StepOutcome.Done(Note: "passed")], new StepOutcome.Done(Guid.NewGuid(), null, "note", PowerState.Running), new PoolOwner(Pool, 4)),
        new StepEnded(StepKey.Of(Rows.Building()), [new StepOutcome.Done(Note: "passed")], new StepOutcome.Undone(), new PoolOwner(Pool, 4)),
        new StepEnded(StepKey.Of(Rows.Building()), [new StepOutcome.Done(Note: "passed")], new StepOutcome.Refused("HOST_NOT_ENOUGH_FREE_MEMORY", "no"), new PoolOwner(Pool, 4)),
        new StepEnded(StepKey.Of(Rows.Building()), [new StepOutcome.Done(Note: "passed")], new StepOutcome.Unknown("lost"), new PoolOwner(Pool, 4)),
        new AskTicket(Rows.Parent, new Cells.Contracts.ImageId(Guid.NewGuid())),
    ];

    [TestCaseSource(nameof(ToThePlacer))]
    public void What_a_hand_says_arrives_as_it_was_said(object message)
    {
        var frame = new ToLeader(NodeName.Parse("two"), 7, 5, 3, 41, message);

        var read = (ToLeader)_wire.Read(_wire.Write(frame))!;

        Assert.That(read with { Message = message }, Is.EqualTo(frame));
        Assert.That(read.Message, Is.TypeOf(message.GetType()));
        Assert.That(_wire.Write(read), Is.EqualTo(_wire.Write(frame)), "every field of it");
    }

    [Test]
    public void A_row_to_be_worked_on_arrives_whole()
    {
        var row = Rows.Building();
        var frame = new ToHand(NodeName.Parse("two"), 7, 5, 3, 12, Host, new PerformStep(row, MaybeDone: true) { TraceParent = "00-1-2-01" });

        var read = (ToHand)_wire.Read(_wire.Write(frame))!;
        var perform = (PerformStep)read.Message;

        Assert.That(read with { Message = frame.Message }, Is.EqualTo(frame));
        Assert.That((perform.MaybeDone, perform.TraceParent), Is.EqualTo((true, "00-1-2-01")));
        Assert.That(
            System.Text.Json.JsonSerializer.Serialize(perform.Row), Is.EqualTo(System.Text.Json.JsonSerializer.Serialize(row)), "every field of it");
        Assert.That(StepKey.Of(perform.Row), Is.EqualTo(StepKey.Of(row)));
    }

    [Test]
    public void Pools_are_shown_whole()
    {
        var shown = new PoolShown(
            Pool, 4, [], [new SrObservation(Pool, Rows.Place.Sr, new XenRef<Sr>("OpaqueRef:4"), "local", "ext", "", false, 10, [Host])], [], [], [],
            new OutsideUsage(Pool, [new OutsideOfHost(Host, 1, 2)], [new OutsideOfSr(Rows.Place.Sr, 3)]));

        var read = (PoolShown)((ToLeader)_wire.Read(_wire.Write(new ToLeader(NodeName.Parse("two"), 7, 5, 3, 1, shown)))!).Message;

        Assert.That(read.Srs, Is.EqualTo(shown.Srs));
        Assert.That(read.Outside, Is.EqualTo(shown.Outside));
    }

    [Test]
    public void Of_another_key_or_changed_on_the_way_nothing_is_read()
    {
        var bytes = _wire.Write(new ToLeader(NodeName.Parse("two"), 7, 5, 3, 0, new Hello()));
        var changed = bytes.ToArray();
        changed[^2] ^= 1;

        Assert.That(_wire.Read(changed), Is.Null);
        Assert.That(new NodeWire(Vault(2), Rows.Cell).Read(bytes), Is.Null);
        Assert.That(new NodeWire(Vault(1), CellName.Parse("east-2")).Read(bytes), Is.Null);
        Assert.That(_wire.Read(bytes.AsSpan(..10)), Is.Null);
    }

    [Test]
    public void What_a_later_version_says_is_nothing_and_breaks_nothing()
    {
        var text = "{\"From\":\"two\",\"NodeEpoch\":1,\"LeaderEpoch\":1,\"Session\":1,\"Number\":1,\"Kind\":\"OfALaterVersion\",\"Body\":{}}"u8.ToArray();
        var key = Vault(1).Derive($"frames between nodes of {Rows.Cell}");

        Assert.That(_wire.Read([.. System.Security.Cryptography.HMACSHA256.HashData(key, text), .. text]), Is.Null);
        Assert.That(_wire.Read([.. System.Security.Cryptography.HMACSHA256.HashData(key, text[..20]), .. text[..20]]), Is.Null);
    }

    /// <summary>Whoever adds a message to the placer or to a host adds it to the wire: it would be lost where several nodes run a cell.</summary>
    [Test]
    public void Every_message_of_pools_and_steps_has_a_way_between_nodes()
    {
        var told = typeof(PoolShown).Assembly.GetTypes()
            .Where(t => t.Namespace == typeof(PoolShown).Namespace && t is { IsNested: false, IsClass: true } && (t.Name.EndsWith("Shown", StringComparison.Ordinal) || t.Name.EndsWith("Gone", StringComparison.Ordinal)))
            .Concat([typeof(PerformStep), typeof(StepEnded), typeof(DestroyLeftover), typeof(DestroyClone), typeof(FindUnfinishedClones), typeof(UnfinishedClonesFound), typeof(AnswerQuestion), typeof(QuestionAnswered), typeof(TakeNewVms)]);

        Assert.That(told.Where(t => !NodeWire.Carries(t)), Is.Empty);
    }

    private static SessionVault Vault(byte key) => new([.. Enumerable.Repeat(key, 32)], new SystemIds());
}
