using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>A VM goes to another host of its pool while it runs. Its disk stays where both see it.</summary>
internal static class MigrationSteps
{
    public static WorkflowStep Migrate { get; } = new(
        "migrate",
        async (context, stop) =>
        {
            var (vm, record) = await OwnVm.ReadAsync(context, stop);
            if (record.ResidentOn != TargetOf(context))
                await context.Pool.RunTaskAsync(Vm.PoolMigrate(vm, TargetOf(context)), stop);
            return new StepOutcome.Done();
        },
        Undo: null,                                             // refused, it is where it was; done, it is as good there
        async (context, stop) =>
        {
            var underWay = await Probing.UnderWayAsync(context, XenCalls.VmPoolMigrate.Name, stop);
            var (_, record) = await OwnVm.ReadAsync(context, stop);
            return record.ResidentOn == TargetOf(context) ? new ProbeAnswer.Done(new StepOutcome.Done())
                : underWay is not null ? new ProbeAnswer.Unknown(underWay)
                : ProbeAnswer.NotDone.Instance;
        },
        TaskState.Migrating,
        OnHost: false,
        Needs: Needs.Place | Needs.Second)
    {
        GivesUp = true,
        Transfers = true,
    };

    /// <summary>As every other last step: the host must show it.</summary>
    public static WorkflowStep SeenMoved { get; } = new(
        "seen-moved",
        async (context, stop) =>
        {
            await context.Pool.BarrierAsync(stop);
            var (_, record) = await OwnVm.ReadAsync(context, stop);
            return record.ResidentOn == TargetOf(context)
                ? new StepOutcome.Done(Power: OwnVm.PowerOf(record.PowerState))
                : new StepOutcome.Refused("not_moved", $"VM {record.Uuid} was to run on {context.Row.Destination!.Place.HostName} and is not shown there");
        },
        Undo: null, Probe: null, TaskState.Migrating, Needs: Needs.Second);   // an observation

    private static XenRef<Host> TargetOf(StepContext context) =>
        context.Target?.Host ?? throw new InvalidOperationException($"Instance {context.Row.Id} is on its way nowhere.");
}
