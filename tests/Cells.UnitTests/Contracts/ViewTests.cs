using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.UnitTests.Contracts;

public sealed class ViewTests
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly CellName East = CellName.Parse("east");

    private static readonly ViewIntent Build = new(1, TaskState.Scheduling, T0, null);
    private static readonly ViewIntent Delete = new(2, TaskState.Deleting, T0, null);

    private static ViewDispatch Row(DispatchState state, long epoch = 1, ViewSilence? silence = null, string? fault = null) =>
        new(epoch, state, East, fault, T0, silence);

    private static InstanceRow Observed(
        VmState state = VmState.Active, TaskState task = TaskState.None, long working = 1, long applied = 1, long epoch = 1, long generation = 5,
        bool released = false, string? fault = null) => new(
        new InstanceId(Guid.Empty), new ProjectId(Guid.Empty), epoch, generation, East, new HostId(Guid.Empty), "h1", state, task,
        state == VmState.Active ? PowerState.Running : PowerState.NoState, working, applied, released, fault, null, null, T0);

    private static IEnumerable<TestCaseData> Table()
    {
        static TestCaseData Row(string name, ViewIntent intent, ViewDispatch dispatch, InstanceRow? observed, VmState vm, TaskState task, string? fault = null) =>
            new TestCaseData(intent, dispatch, observed, vm, task, fault).SetArgDisplayNames(name);

        var waiting = ViewTests.Row(DispatchState.Waiting);
        var asking = ViewTests.Row(DispatchState.Asking);
        var placed = ViewTests.Row(DispatchState.Placed);
        var cancelled = ViewTests.Row(DispatchState.CancelledAsking);
        var silent = ViewTests.Row(DispatchState.Placed, silence: new ViewSilence(T0, 5, T0.AddMinutes(10)));
        const string silence = "Cell east has been silent since 2026-01-02T03:04:05Z, the request stays with it; its next report corrects this.";

        yield return Row("waiting for a cell", Build, waiting, null, VmState.Building, TaskState.Scheduling);
        yield return Row("asked, nothing reported", Build, asking, null, VmState.Building, TaskState.Scheduling);
        yield return Row("placed, nothing reported", Build, placed, null, VmState.Building, TaskState.Scheduling);
        yield return Row("the cell works on it", Build, placed, Observed(VmState.Building, TaskState.Spawning, 1, 0), VmState.Building, TaskState.Spawning);
        yield return Row("row from the cell, not yet working", Build, asking, Observed(VmState.Building, TaskState.Spawning, 0, 0), VmState.Building, TaskState.Scheduling);
        yield return Row("done", Build, placed, Observed(), VmState.Active, TaskState.None);
        yield return Row("powered off behind our back", Build, placed, Observed(VmState.Stopped), VmState.Stopped, TaskState.None);
        yield return Row("broken", Build, placed, Observed(VmState.Error, fault: "disk lost"), VmState.Error, TaskState.None, "disk lost");
        yield return Row("broken without a word", Build, placed, Observed(VmState.Error), VmState.Error, TaskState.None, "The cell gave no reason.");
        yield return Row("an earlier epoch's copy says nothing", Build, ViewTests.Row(DispatchState.Asking, 2), Observed(), VmState.Building, TaskState.Scheduling);
        yield return Row("a released copy says nothing", Build, asking, Observed(VmState.Error, released: true, fault: "x"), VmState.Building, TaskState.Scheduling);
        yield return Row("refused everywhere", Build, ViewTests.Row(DispatchState.Refused, fault: "No valid host was found. east: full."), null,
            VmState.Error, TaskState.None, "No valid host was found. east: full.");
        yield return Row("delete not taken up yet", Delete, cancelled, Observed(), VmState.Active, TaskState.Deleting);
        yield return Row("delete during the build", Delete, cancelled, Observed(VmState.Building, TaskState.Spawning, 1, 0), VmState.Building, TaskState.Deleting);
        yield return Row("delete under way", Delete, cancelled, Observed(VmState.Active, TaskState.Deleting, 2, 1), VmState.Active, TaskState.Deleting);
        yield return Row("deleted below, answer on its way", Delete, cancelled, Observed(VmState.Deleted, working: 2, applied: 2, released: true), VmState.Deleted, TaskState.None);
        yield return Row("deleted", Delete, ViewTests.Row(DispatchState.Deleted), Observed(), VmState.Deleted, TaskState.None);
        yield return Row("terminated", Delete with { TerminatedAt = T0 }, cancelled, Observed(), VmState.Deleted, TaskState.None);
        yield return Row("silent over its deadline", Build, silent, Observed(VmState.Building, TaskState.Spawning, 1, 0), VmState.Error, TaskState.None, silence);
        yield return Row("silent, nothing ever reported", Build, ViewTests.Row(DispatchState.Asking, silence: new ViewSilence(T0, 0, T0)), null, VmState.Error, TaskState.None, silence);
        yield return Row("a later report ends the silence", Build, silent, Observed(VmState.Building, TaskState.Spawning, 1, 0, generation: 6), VmState.Building, TaskState.Spawning);
        yield return Row("silence about what is done means nothing", Build, silent, Observed(), VmState.Active, TaskState.None);
        yield return Row("silent delete stays a delete", Delete, silent, Observed(), VmState.Error, TaskState.Deleting, silence);
    }

    [TestCaseSource(nameof(Table))]
    public void The_view_is_what_the_table_says(
        ViewIntent intent, ViewDispatch dispatch, InstanceRow? observed, VmState vm, TaskState task, string? fault)
    {
        var view = View.Of(intent, dispatch, observed);

        Assert.Multiple(() =>
        {
            Assert.That(view.VmState, Is.EqualTo(vm));
            Assert.That(view.TaskState, Is.EqualTo(task));
            Assert.That(view.Fault?.Message, Is.EqualTo(fault));
            Assert.That(view.Status, Is.EqualTo(InstanceStateNames.Status(vm, task)));
            Assert.That(view.TerminatedAt is not null, Is.EqualTo(intent.TerminatedAt is not null || dispatch.State == DispatchState.Deleted));
        });
    }

    [Test]
    public void Host_and_power_come_from_the_report_of_the_current_epoch_only()
    {
        var current = View.Of(Build, Row(DispatchState.Placed), Observed());
        var former = View.Of(Build, Row(DispatchState.Placed, epoch: 2), Observed());

        Assert.Multiple(() =>
        {
            Assert.That((current.Cell, current.HostName, current.PowerState), Is.EqualTo(((CellName?)East, "h1", PowerState.Running)));
            Assert.That((former.Cell, former.HostName, former.PowerState), Is.EqualTo(((CellName?)null, (string?)null, PowerState.NoState)));
        });
    }
}
