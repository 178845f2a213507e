using Cells.Compute.Hosts;
using Cells.Compute.Placement;
using Cells.Compute.Pools;
using Cells.Compute.Showing;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.Scheduler;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>What pools show reaches the database in the end: a claim is guarded there, by what stands there.</summary>
public sealed class PlacerShowsTests
{
    private static readonly PoolId Pool = Rows.Place.Pool;
    private static readonly HostId Host = Rows.Place.Host;
    private static readonly SrId Sr = Rows.Place.Sr;

    private readonly SteppedDispatcher _world = new(new ManualTime());
    private readonly PlacerForTests.ScriptedCommitter _committer = new();

    [Test]
    public void What_the_database_could_not_take_is_written_when_it_can()
    {
        var placer = StartPlacer();
        _committer.Outcome = new CommitOutcome.Unavailable("away");
        placer.Tell(Shown(epoch: 1));
        _world.RunFor(TimeSpan.FromSeconds(2));
        Assert.That(_committer.Written, Is.Empty);

        _committer.Outcome = new CommitOutcome.Committed([]);
        _world.RunFor(TimeSpan.FromSeconds(2));

        AssertAllWritten(epoch: 1);
    }

    [Test]
    public void What_was_refused_to_a_former_owner_is_written_by_the_next_one_though_it_shows_the_same()
    {
        var placer = StartPlacer();
        _committer.Outcome = new CommitOutcome.Missed([]);
        placer.Tell(Shown(epoch: 1));
        _world.RunFor(TimeSpan.FromSeconds(2));
        Assert.That(_committer.Written, Is.Empty);

        _committer.Outcome = new CommitOutcome.Committed([]);
        placer.Tell(Shown(epoch: 2));
        _world.RunFor(TimeSpan.FromSeconds(2));

        AssertAllWritten(epoch: 2);
    }

    [Test]
    public void What_stands_there_already_is_not_written_again()
    {
        var placer = StartPlacer();
        placer.Tell(Shown(epoch: 1));
        _world.RunFor(TimeSpan.FromSeconds(2));
        AssertAllWritten(epoch: 1);
        _committer.Written.Clear();

        placer.Tell(Shown(epoch: 2));
        _world.RunFor(TimeSpan.FromSeconds(2));

        Assert.That(_committer.Written, Is.Empty);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void An_sr_that_is_gone_is_seen_by_no_host_any_more_whether_it_went_before_our_eyes_or_not(bool whileAway)
    {
        var placer = StartPlacer();
        placer.Tell(Shown(epoch: 1));
        _world.RunFor(TimeSpan.FromSeconds(2));
        Assert.That(_committer.Written.OfType<PutHost>().Last().Row.Srs, Is.EqualTo(new[] { Sr }));

        placer.Tell(whileAway ? Shown(epoch: 1) with { Srs = [] } : new SrGone(Pool, Sr));
        _world.RunFor(TimeSpan.FromSeconds(2));

        Assert.That(_committer.Written.OfType<PutHost>().Last().Row.Srs, Is.Empty);
    }

    [Test]
    public void What_drifted_in_a_pool_that_is_configured_no_more_is_gone_with_it()
    {
        var now = _world.Time.GetUtcNow();
        PlacerForTests.Start(_world, _committer, new PlacerForTests.Fleet
        {
            Shown =
            [
                ShownRow.Of("http://10.0.0.1", new PoolRow(Rows.Cell, "http://10.0.0.1", 3, Pool, "managed", "", now), gone: false, now),
                ShownRow.Of("stray", new DriftRow(Rows.Cell, Pool, "vm", Guid.Empty, 2, "stray", "unknown", "", now, now), gone: false, now),
            ],
        });

        _world.RunFor(TimeSpan.FromSeconds(2));

        Assert.That(_committer.Written.OfType<PutShown>().Select(w => (w.Row.Kind, w.Row.Gone)), Is.EquivalentTo(new[] { (PoolRow.Kind, true), (DriftRow.Kind, true) }));
    }

    private void AssertAllWritten(long epoch)
    {
        Assert.That(_committer.Written.OfType<PutHost>().Select(w => (w.Row.Id, w.Owner.Epoch)), Is.EqualTo(new[] { (Host, epoch) }));
        Assert.That(_committer.Written.OfType<PutSr>().Select(w => (w.Row.Id, w.Owner.Epoch)), Is.EqualTo(new[] { (Sr, epoch) }));
        Assert.That(
            _committer.Written.OfType<ShowProvider>().Select(w => (w.Shown.Resource, w.Shown.Capacity, w.Owner.Epoch)),
            Is.EquivalentTo(new[] { (Resource.Vcpu, 8L, epoch), (Resource.MemoryMib, 16_384L, epoch), (Resource.DiskBytes, 1L << 40, epoch) }));
    }

    private static PoolShown Shown(long epoch) => new(
        Pool, epoch,
        [new HostObservation(Pool, Host, new("h"), "host-1", HostAddress.Parse("http://10.0.0.1"), Enabled: true, Live: true, Cpus: 8, MemoryBytes: 16L << 30)],
        [new SrObservation(Pool, Sr, new("s"), "local", "ext", "user", Shared: false, SizeBytes: 1L << 40, SeenBy: [Host])],
        [], [], [], new OutsideUsage(Pool, [], []));

    private IActorRef StartPlacer() => PlacerForTests.Start(_world, _committer).Placer;
}
