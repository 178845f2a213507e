using Cells.Compute.Instances;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>Steps that bring a VM into a power state. Each reads first what is so, and a call whose outcome is there already is done.</summary>
internal static class PowerSteps
{
    public static WorkflowStep PowerOn(TaskState shows) => Step("power-on", shows, XenCalls.VmStartOn, VmPowerState.Running,
        (context, vm) => Vm.StartOn(vm, context.Host, startPaused: false, force: false)) with { Needs = Needs.Host };

    public static WorkflowStep Pause { get; } = Step("pause", TaskState.Pausing, XenCalls.VmPause, VmPowerState.Paused, (_, vm) => Vm.Pause(vm));

    public static WorkflowStep Unpause { get; } = Step("unpause", TaskState.Unpausing, XenCalls.VmUnpause, VmPowerState.Running, (_, vm) => Vm.Unpause(vm));

    public static WorkflowStep Suspend { get; } = Step("suspend", TaskState.Suspending, XenCalls.VmSuspend, VmPowerState.Suspended, (_, vm) => Vm.Suspend(vm));

    /// <summary>On its own host, where its memory is claimed: a suspended VM is nowhere, and xapi would choose for itself.</summary>
    public static WorkflowStep Resume { get; } = Step("resume", TaskState.Resuming, XenCalls.VmResumeOn, VmPowerState.Running,
        (context, vm) => Vm.ResumeOn(vm, context.Host, startPaused: false, force: false)) with { Needs = Needs.Host };

    /// <summary>
    /// A call's own answer proves nothing: the host must show the state. After the barrier no older event of this VM is still on its way, so nothing
    /// stale can correct the row afterwards.
    /// </summary>
    public static WorkflowStep Seen(string name, TaskState shows, VmPowerState wanted) => new(
        name,
        async (context, stop) =>
        {
            await context.Pool.BarrierAsync(stop);
            var (_, record) = await OwnVm.ReadAsync(context, stop);
            return record.PowerState == wanted
                ? new StepOutcome.Done(Power: OwnVm.PowerOf(wanted))
                : new StepOutcome.Refused("not_so", $"VM {record.Uuid} was to be {wanted} and is shown as {record.PowerState}");
        },
        Undo: null, Probe: null, shows, Needs: Needs.Pool, Joined: true);   // an observation

    /// <summary>On its second place, if it is to run there; what was stopped stays so.</summary>
    public static WorkflowStep StartAtSecond(string name, TaskState shows)
    {
        var start = Step(name, shows, XenCalls.VmStartOn, VmPowerState.Running, (context, vm) => Vm.StartOn(vm, context.Target!.Host, startPaused: false, force: false));
        return start with
        {
            Do = (context, stop) => SecondOf(context).State == VmState.Active ? start.Do(context, stop) : Task.FromResult<StepOutcome>(new StepOutcome.Done()),
            Needs = Needs.Second,
            GivesUp = true,
        };
    }

    /// <summary>As <see cref="Seen"/>: it runs on its second place, or it is halted, whichever is to be.</summary>
    public static WorkflowStep SeenAtSecond(string name, TaskState shows) => new(
        name,
        async (context, stop) =>
        {
            await context.Pool.BarrierAsync(stop);
            var (_, record) = await OwnVm.ReadAsync(context, stop);
            var wanted = SecondOf(context).State == VmState.Active ? VmPowerState.Running : VmPowerState.Halted;
            return record.PowerState == wanted && (wanted == VmPowerState.Halted || record.ResidentOn == context.Target!.Host)
                ? new StepOutcome.Done(Power: OwnVm.PowerOf(wanted))
                : new StepOutcome.Refused("not_so", $"VM {record.Uuid} was to be {wanted} on {SecondOf(context).Place.HostName} and is shown otherwise, as {record.PowerState}");
        },
        Undo: null, Probe: null, shows, Needs: Needs.Second, Joined: true);   // an observation

    /// <summary>
    /// Undoes a stop, where the host of its place takes it back. What it will not is left off and said: an undo that waits for it would never end.
    /// </summary>
    public static async Task StartAgainAsync(StepContext context, CancellationToken stop)
    {
        if (context.Host.IsNull)
            return;
        var (vm, record) = await OwnVm.ReadAsync(context, stop);
        if (record.PowerState == VmPowerState.Halted
            && await ObjectsOf.UnlessItWillNotAsync(UnlessItIsAsync(
                VmPowerState.Running, context.Pool.RunTaskAsync(Vm.StartOn(vm, context.Host, startPaused: false, force: false), stop))) is { } will)
            context.Said.LeaveAsItIs($"it could not be started again: {will}");
    }

    private static SecondPlace SecondOf(StepContext context) =>
        context.Row.Destination ?? context.Row.Origin ?? throw new InvalidOperationException($"Instance {context.Row.Id} has no second place.");

    private static WorkflowStep Step(
        string name, TaskState shows, XenCall call, VmPowerState wanted, Func<StepContext, XenRef<Vm>, XenRequest<XenVoid>> request) => new(
        name,
        async (context, stop) =>
        {
            var (vm, record) = await OwnVm.ReadAsync(context, stop);
            if (record.PowerState != wanted)
                await UnlessItIsAsync(wanted, context.Pool.RunTaskAsync(request(context, vm), stop));
            return new StepOutcome.Done();
        },
        Undo: null,                                             // what was asked for is undone by asking for its contrary
        async (context, stop) =>
        {
            var underWay = await Probing.UnderWayAsync(context, call.Name, stop);
            var (_, record) = await OwnVm.ReadAsync(context, stop);
            return record.PowerState == wanted ? new ProbeAnswer.Done(new StepOutcome.Done())
                : underWay is not null ? new ProbeAnswer.Unknown(underWay)
                : ProbeAnswer.NotDone.Instance;
        },
        shows,
        Needs: Needs.Pool);

    /// <summary>Parameters of VM_BAD_POWER_STATE: VM, expected, actual in lower case. When the actual one is what was wanted, somebody was faster.</summary>
    public static async Task UnlessItIsAsync(VmPowerState wanted, Task<XenVoid> call)
    {
        try
        {
            await call;
        }
        catch (XenApiFailure already) when (already.Code == "VM_BAD_POWER_STATE"
            && already.Parameters is [.., var actual] && string.Equals(actual, wanted.ToString(), StringComparison.OrdinalIgnoreCase))
        {
            // An earlier call of ours had its effect, or the guest did it by itself.
        }
    }
}
