using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>
/// A VM whose host is gone starts on another member of its pool, from the disk that both see. That the host is gone was proved before the first of these
/// steps: to the pool the VM runs there until it is told otherwise.
/// </summary>
internal static class EvacuationSteps
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The pool refuses while it believes the host alive (HOST_IS_LIVE): up to 10 minutes after the last heartbeat (XenAPI, host liveness). That is waited for;
    /// host.declare_dead would end the wait, but also change the VMs of others.
    /// </summary>
    public static WorkflowStep ResetPower { get; } = new(
        "reset-power",
        async (context, stop) =>
        {
            if (HeldBack(context) is { } held)
                return held;
            var (vm, record) = await OwnVm.ReadAsync(context, stop);
            if (IsElsewhere(context, record))
                return new StepOutcome.Done();
            try
            {
                await context.Pool.CallAsync(Vm.PowerStateReset(vm), stop);
            }
            catch (XenApiFailure alive) when (alive.Code == "HOST_IS_LIVE")
            {
                return new StepOutcome.Later("the pool believes the host alive yet", LookAgain);
            }
            return new StepOutcome.Done();
        },
        Undo: null,                                             // what the pool shows was wrong before
        Probe: null,                                            // it reads first
        TaskState.Rebuilding,
        Needs: Needs.Pool);                                     // its host may be in the pool no more

    public static WorkflowStep PowerOn { get; } = new(
        "power-on-there",
        async (context, stop) =>
        {
            if (HeldBack(context) is { } held)
                return held;
            var (vm, record) = await OwnVm.ReadAsync(context, stop);
            if (context.Row.Destination!.State == VmState.Active && record.PowerState != VmPowerState.Running)
                await PowerSteps.UnlessItIsAsync(VmPowerState.Running, context.Pool.RunTaskAsync(Vm.StartOn(vm, TargetOf(context), startPaused: false, force: false), stop));
            return new StepOutcome.Done();
        },
        Undo: null,                                             // refused, it is off; done, it is where it should be
        async (context, stop) =>
        {
            var underWay = await Probing.UnderWayAsync(context, XenCalls.VmStartOn.Name, stop);
            var (_, record) = await OwnVm.ReadAsync(context, stop);
            return record.PowerState == VmPowerState.Running && record.ResidentOn == TargetOf(context) ? new ProbeAnswer.Done(new StepOutcome.Done())
                : underWay is not null ? new ProbeAnswer.Unknown(underWay)
                : ProbeAnswer.NotDone.Instance;
        },
        TaskState.Rebuilding,
        Needs: Needs.Pool);

    /// <summary>As every other last step: the pool must show it.</summary>
    public static WorkflowStep SeenThere { get; } = new(
        "seen-there",
        async (context, stop) =>
        {
            await context.Pool.BarrierAsync(stop);
            var (_, record) = await OwnVm.ReadAsync(context, stop);
            var wanted = context.Row.Destination!.State == VmState.Active ? VmPowerState.Running : VmPowerState.Halted;
            return record.PowerState == wanted && (wanted == VmPowerState.Halted || record.ResidentOn == TargetOf(context))
                ? new StepOutcome.Done(Power: OwnVm.PowerOf(record.PowerState))
                : new StepOutcome.Refused("not_there", $"VM {record.Uuid} was to be {wanted} on {context.Row.Destination.Place.HostName} and is shown as {record.PowerState}");
        },
        Undo: null, Probe: null, TaskState.Rebuilding, Needs: Needs.Pool);   // an observation

    /// <summary>
    /// The proof was judged when the place was chosen, and minutes may lie between. A host that is heard ended it: whatever its coordinator believes of it, what
    /// runs there goes on. Null when nothing is in the way.
    /// </summary>
    private static StepOutcome? HeldBack(StepContext context) => context.HostIsHeard switch
    {
        true => new StepOutcome.Refused("host_is_back", $"host {context.Row.Place!.HostName} is back; the server is what it is there"),
        null => new StepOutcome.Later("it is not known yet whether its host is heard", LookAgain),
        false => null,
    };

    /// <summary>Off, or on another host than the one that is gone: there is nothing to reset.</summary>
    private static bool IsElsewhere(StepContext context, Vm record) => record.PowerState == VmPowerState.Halted || record.ResidentOn != context.Host;

    private static XenRef<Host> TargetOf(StepContext context) =>
        context.Target?.Host ?? throw new XenApiUnreachable($"the pool does not show host {context.Row.Destination?.Place.HostName} or its storage now");
}
