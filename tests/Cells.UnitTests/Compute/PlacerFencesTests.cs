using Cells.Compute.Fencing;
using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Placement;
using Cells.Compute.Pools;
using Cells.Compute.Reconciling;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>No proof outlives a sign of life, and what a host that lives has of a server that is elsewhere is ended when it is seen.</summary>
public sealed class PlacerFencesTests
{
    private static readonly PoolId Pool = Rows.Place.Pool;
    private static readonly HostId Host = Rows.Place.Host;
    private static readonly FenceWord Word = new(Guid.Parse("77777777-7777-7777-7777-777777777777"), "op", "switched off", Rows.Now);

    private readonly SteppedDispatcher _world = new(new ManualTime());
    private readonly PlacerForTests.ScriptedCommitter _committer = new();
    private readonly List<object> _told = [];

    [Test]
    public void A_word_about_a_host_that_is_heard_is_kept_and_never_counts()
    {
        var fleet = new PlacerForTests.Fleet();
        var (_, placer) = PlacerForTests.Start(_world, _committer, fleet);
        placer.Tell(Shown(1));
        placer.Tell(Health(HostStatus.Up));
        _world.RunFor(TimeSpan.FromSeconds(2));

        // As if the word had been written before the host was heard, and is read after it.
        fleet.Proofs = [FenceProof.Of(Host, Word)];
        placer.Tell(new WorkReceived(Rows.Parent, NeighbourKind.Parent, 1, "h", new ConfigureHost(Host, Rows.Cell, 1, false, null, false, null, []) { Fence = Word }, null));
        _world.RunFor(TimeSpan.FromSeconds(2));

        Assert.That(_committer.Written.OfType<PutFenceProof>().Single().RefusedAt, Is.Not.Null);
        Assert.That(_committer.Written.OfType<EndFenceProof>().Select(w => w.Proof.Id), Is.EqualTo(new[] { Word.Id }));
    }

    [Test]
    public void The_end_of_a_proof_is_written_though_its_host_has_no_row_yet()
    {
        var (_, placer) = PlacerForTests.Start(_world, _committer, new PlacerForTests.Fleet { Proofs = [FenceProof.Of(Host, Word)] });
        placer.Tell(Shown(1));
        _world.RunFor(TimeSpan.FromSeconds(2));
        _committer.Judge = change => change.Writes.Any(w => w is TouchHost) ? new CommitOutcome.Missed([]) : null;

        placer.Tell(Health(HostStatus.Up));
        _world.RunFor(TimeSpan.FromSeconds(2));

        Assert.That(_committer.Written.OfType<EndFenceProof>().Select(w => w.Proof.Id), Is.EqualTo(new[] { Word.Id }));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_running_copy_on_a_host_that_is_heard_again_is_ended_at_once(bool shownLast)
    {
        var row = Rows.Active() with { Attempt = 2, Place = Rows.Place with { Host = new HostId(Guid.Parse("88888888-8888-8888-8888-888888888888")) } };
        var (system, placer) = PlacerForTests.Start(_world, _committer, new PlacerForTests.Fleet { Instances = [row] });
        var host = system.ActorOf(Props.Create(() => new Recorder(_told)), "host");
        var copy = Guid.Parse("99999999-9999-9999-9999-999999999999");
        var running = new VmObservation(Pool, copy, new XenRef<Vm>("vm"), new Stamp(row.Id, 1, 1), Cells.Compute.Workflows.Marks.NameOf(row.Id), VmPowerState.Running, Host, null, 1, 512L << 20, 0);
        placer.Tell(Shown(1));
        placer.Tell(new HostAttached(Host, new PoolOwner(Pool, 1), host));
        placer.Tell(Health(HostStatus.Down));
        _world.RunUntilIdle();

        if (shownLast)
            placer.Tell(Health(HostStatus.Up));
        placer.Tell(shownLast ? Shown(1, running) : new VmShown(running));
        if (!shownLast)
            placer.Tell(Health(HostStatus.Up));
        _world.RunUntilIdle();

        Assert.That(_told.OfType<DestroyLeftover>().Select(d => d.Uuid), Is.EqualTo(new[] { copy }));
    }

    private static HostHealthChanged Health(HostStatus status) => new(Pool, Host, HostStatus.Suspect, new HostHealth(status, TimeSpan.Zero));

    private static PoolShown Shown(long epoch, params VmObservation[] vms) => new(
        Pool, epoch,
        [new HostObservation(Pool, Host, new("h"), "host-1", HostAddress.Parse("http://10.0.0.1"), Enabled: true, Live: true, Cpus: 8, MemoryBytes: 16L << 30)],
        [], [], vms, [], new OutsideUsage(Pool, [], []));

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(List<object> told) => ReceiveAny(told.Add);
    }
}
