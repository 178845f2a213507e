using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>
/// Steps that ask the guest first. It is asked by a task that is left to itself; the next step looks whether the guest did it, waits as long as it has
/// time, and then does it without the guest. A guest without tools is not waited for: its task ends at once (VM_LACKS_FEATURE).
/// </summary>
internal static class GuestSteps
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    public static WorkflowStep AskShutdown { get; } = Ask(
        "ask-shutdown", TaskState.PoweringOff, XenCalls.VmCleanShutdown, Vm.CleanShutdown, (_, record) => record.PowerState == VmPowerState.Halted);

    public static WorkflowStep AskReboot { get; } = Ask(
        "ask-reboot", TaskState.Rebooting, XenCalls.VmCleanReboot, Vm.CleanReboot, IsRebooted);

    public static WorkflowStep PowerOff { get; } = new(
        "power-off",
        async (context, stop) =>
        {
            var isGuestAtIt = await IsGuestAtItAsync(context, stop);
            var (vm, record) = await OwnVm.ReadAsync(context, stop);
            if (record.PowerState != VmPowerState.Halted && isGuestAtIt)
                return new StepOutcome.Later("the guest is shutting down", LookEvery);
            await EndAskingAsync(context, stop);
            if (record.PowerState != VmPowerState.Halted)
                await PowerSteps.UnlessItIsAsync(VmPowerState.Halted, context.Pool.RunTaskAsync(Vm.HardShutdown(vm), stop));
            return new StepOutcome.Done();
        },
        Undo: null,
        (context, stop) => IsOverAsync(context, XenCalls.VmHardShutdown, stop),
        TaskState.PoweringOff,
        Needs: Needs.Pool);

    /// <summary>Which domain is to be replaced: another one there afterwards is the proof of the reboot, so that a lost answer never means a second one.</summary>
    public static WorkflowStep NoteDomain(TaskState shows) => new(
        "note-domain",
        async (context, stop) => new StepOutcome.Done(Note: new GuestNote((await OwnVm.ReadAsync(context, stop)).Record.Domid, null, null).ToString()),
        Undo: null, Probe: null, shows, Needs: Needs.Pool);     // an observation

    /// <summary>Leaves a VM that runs in another domain, or one that is halted and only has to be started.</summary>
    public static WorkflowStep Reboot(TaskState shows) => new(
        "reboot",
        async (context, stop) =>
        {
            var isGuestAtIt = await IsGuestAtItAsync(context, stop);
            var (vm, record) = await OwnVm.ReadAsync(context, stop);
            if (!IsRebooted(context, record) && isGuestAtIt)
                return new StepOutcome.Later("the guest is rebooting", LookEvery);
            await EndAskingAsync(context, stop);
            if (IsRebooted(context, record))
                return new StepOutcome.Done();
            if (record.PowerState == VmPowerState.Suspended)
                await PowerSteps.UnlessItIsAsync(VmPowerState.Halted, context.Pool.RunTaskAsync(Vm.HardShutdown(vm), stop));
            else
                await PowerSteps.UnlessItIsAsync(VmPowerState.Halted, context.Pool.RunTaskAsync(Vm.HardReboot(vm), stop));
            return new StepOutcome.Done();
        },
        Undo: null,
        (context, stop) => IsOverAsync(context, XenCalls.VmHardReboot, stop),
        shows,
        Needs: Needs.Pool);

    /// <summary>What was begun must have ended; whether it is done the step sees for itself, for it has more to clear away.</summary>
    private static async Task<ProbeAnswer> IsOverAsync(StepContext context, XenCall call, CancellationToken stop) =>
        await Probing.UnderWayAsync(context, call.Name, stop) is { } underWay ? new ProbeAnswer.Unknown(underWay) : ProbeAnswer.NotDone.Instance;

    private static bool IsRebooted(StepContext context, Vm record) => record.PowerState == VmPowerState.Halted
        || (record.PowerState == VmPowerState.Running && record.Domid != GuestNote.Of(context.Row).Domid);

    private static WorkflowStep Ask(string name, TaskState shows, XenCall call, Func<XenRef<Vm>, XenRequest<XenVoid>> request,
        Func<StepContext, Vm, bool> hasBeenDone) => new(
        name,
        async (context, stop) =>
        {
            var (vm, record) = await OwnVm.ReadAsync(context, stop);
            if (record.PowerState != VmPowerState.Running)
                return new StepOutcome.Done();                  // there is no guest to be asked
            var task = await context.Pool.BeginTaskAsync(request(vm), stop);
            return Asked(context, task.Value);
        },
        Undo: null,                                             // what the guest was asked it does
        async (context, stop) =>
        {
            // A task that has not begun yet is not among the VM's operations: asked again now, the guest would be asked twice.
            var underWay = await Probing.UnderWayAsync(context, call.Name, stop);
            var (_, record) = await OwnVm.ReadAsync(context, stop);
            return record.CurrentOperations.FirstOrDefault(o => o.Value == call.Method).Key is { } task
                ? new ProbeAnswer.Done(Asked(context, task))
                : hasBeenDone(context, record) ? new ProbeAnswer.Done(new StepOutcome.Done())
                : underWay is not null ? new ProbeAnswer.Unknown(underWay)
                : ProbeAnswer.NotDone.Instance;
        },
        shows,
        Needs: Needs.Pool);

    private static StepOutcome.Done Asked(StepContext context, string task) =>
        new(Note: (GuestNote.Of(context.Row) with { Until = context.Now + context.GuestPatience, Task = task }).ToString());

    /// <summary>Looked at before the VM: a guest that ended in between is then seen to have done it.</summary>
    private static async Task<bool> IsGuestAtItAsync(StepContext context, CancellationToken stop)
    {
        if (GuestNote.Of(context.Row) is not { Task: { } reference, Until: { } until } || context.Now >= until)
            return false;
        try
        {
            return !(await context.Pool.CallAsync(XenTask.GetRecord(new XenRef<XenTask>(reference)), stop)).HasEnded;
        }
        catch (XenApiFailure gone) when (gone.Code == "HANDLE_INVALID")
        {
            return false;                                       // ended and collected
        }
    }

    /// <summary>Nobody waits for the guest any more: as long as the host still does, it would hold back whatever comes next.</summary>
    private static async Task EndAskingAsync(StepContext context, CancellationToken stop)
    {
        if (GuestNote.Of(context.Row).Task is not { } reference)
            return;
        var task = new XenRef<XenTask>(reference);
        try
        {
            if (!(await context.Pool.CallAsync(XenTask.GetRecord(task), stop)).HasEnded)
                await context.Pool.CallAsync(XenTask.Cancel(task), stop);
            await context.Pool.CallAsync(XenTask.Destroy(task), stop);   // one that still runs goes when it ends
        }
        catch (XenApiFailure gone) when (gone.Code == "HANDLE_INVALID")
        {
            // Ended and collected.
        }
    }
}
