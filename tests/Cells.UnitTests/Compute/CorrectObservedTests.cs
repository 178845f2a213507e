using Cells.Compute.Instances;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>A settled row says what its host shows; nothing else does.</summary>
public sealed class CorrectObservedTests
{
    [TestCase(PowerState.Shutdown, VmState.Stopped)]
    [TestCase(PowerState.Paused, VmState.Paused)]
    [TestCase(PowerState.Suspended, VmState.Suspended)]
    public void A_settled_row_follows_what_is_shown(PowerState shown, VmState state)
    {
        var corrected = CorrectObserved.Shown(Rows.Active(), shown, Rows.Now)!;

        Assert.That((corrected.VmState, corrected.PowerState, corrected.Generation), Is.EqualTo((state, shown, 10L)));
        Assert.That(CorrectObserved.Shown(corrected, PowerState.Running, Rows.Now)!.VmState, Is.EqualTo(VmState.Active));
    }

    [Test]
    public void What_is_as_the_row_says_changes_nothing() =>
        Assert.That(CorrectObserved.Shown(Rows.Active(), PowerState.Running, Rows.Now), Is.Null);

    [Test]
    public void A_row_follows_its_VM_to_the_host_that_it_was_moved_to_and_keeps_its_repository()
    {
        var elsewhere = Rows.Place with { Host = new HostId(Guid.Parse("99999999-0000-0000-0000-000000000001")), HostName = "other" };

        var moved = CorrectObserved.Shown(Rows.Active(), PowerState.Running, Rows.Now, elsewhere)!;

        Assert.That((moved.Place, moved.VmState, moved.Generation), Is.EqualTo((elsewhere, VmState.Active, 10L)));
        Assert.That(CorrectObserved.Shown(moved, PowerState.Running, Rows.Now, elsewhere), Is.Null);
        Assert.That(CorrectObserved.Shown(Rows.Building(), PowerState.Running, Rows.Now, elsewhere), Is.Null);
    }

    [Test]
    public void While_a_workflow_runs_or_after_the_right_was_given_back_nothing_shown_moves_the_row()
    {
        foreach (var row in new[] { Rows.Building(), Rows.Deleted(), Rows.Failed() })
        {
            Assert.That(CorrectObserved.Shown(row, PowerState.Shutdown, Rows.Now), Is.Null);
            Assert.That(CorrectObserved.Gone(row, Rows.Now), Is.Null);
        }
    }

    [Test]
    public void A_VM_that_is_gone_is_an_error_once_and_never_a_stop()
    {
        var gone = CorrectObserved.Gone(Rows.Active(), Rows.Now)!;

        Assert.That((gone.VmState, gone.PowerState), Is.EqualTo((VmState.Error, PowerState.NoState)));
        Assert.That(CorrectObserved.Gone(gone, Rows.Now), Is.Null);
        Assert.That(CorrectObserved.Shown(gone, PowerState.Running, Rows.Now)!.Fault, Is.Null);
    }
}
