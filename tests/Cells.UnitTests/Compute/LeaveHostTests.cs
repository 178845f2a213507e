using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>How an instance leaves a host that is drained.</summary>
public sealed class LeaveHostTests
{
    private static IEnumerable<TestCaseData> Ways()
    {
        var active = Rows.Active();
        yield return new TestCaseData(active, true, WayOut.Live, null).SetName("running");
        yield return new TestCaseData(active with { PowerState = PowerState.Shutdown, VmState = VmState.Stopped }, true, WayOut.ByClaim, null).SetName("off");
        yield return new TestCaseData(active with { PowerState = PowerState.Paused }, true, null, "paused").SetName("paused");
        yield return new TestCaseData(active with { PowerState = PowerState.Suspended }, true, null, "suspended").SetName("suspended");
        yield return new TestCaseData(active with { PowerState = PowerState.NoState }, true, null, "not known").SetName("unknown");
        yield return new TestCaseData(active, false, null, "this host alone sees").SetName("local disk");
        yield return new TestCaseData(active with { Origin = new SecondPlace(Rows.Place, Rows.Build().Flavor, true, VmState.Active) }, true, null, "resize").SetName("resized");
        yield return new TestCaseData(active with { Work = new Work(WorkflowKind.Stop, 0, false, null) }, true, null, null).SetName("at work");
        yield return new TestCaseData(active with { Work = new Work(WorkflowKind.LiveMigrate, 1, false, null) }, false, WayOut.Leaving, null).SetName("leaving");
    }

    [Test]
    public void What_is_elsewhere_but_may_come_or_come_back_holds_its_second_place()
    {
        var (here, there) = (Rows.Place, Rows.Place with { Host = new HostId(Guid.Parse("88888888-8888-8888-8888-888888888888")) });
        var second = new SecondPlace(there, Rows.Build().Flavor, HasDisk: true, VmState.Active);

        Assert.That(LeaveHost.HeldBySecond(Rows.Active() with { Origin = second }, there.Host), Does.Contain("confirmed or reverted"));
        Assert.That(LeaveHost.HeldBySecond(Rows.Active() with { Destination = second }, there.Host), Does.Contain("on its way"));
        Assert.That(LeaveHost.HeldBySecond(Rows.Active() with { Origin = second }, here.Host), Is.Null);
        Assert.That(LeaveHost.HeldBySecond(Rows.Active(), there.Host), Is.Null);
    }

    [TestCaseSource(nameof(Ways))]
    public void Each_leaves_as_it_can_or_says_why_not(object row, bool diskIsShared, object? way, string? why)
    {
        var (left, stuck) = LeaveHost.Of((Instance)row, diskIsShared);

        Assert.That(left, Is.EqualTo(way));
        Assert.That(stuck, why is null ? Is.Null : Does.Contain(why));
    }
}
