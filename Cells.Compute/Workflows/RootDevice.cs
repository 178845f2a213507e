using Cells.Compute.Instances;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>Which disk a halted VM boots from: device 0, which is only ever ours.</summary>
internal static class RootDevice
{
    private const string Device = "0";

    /// <param name="boots">The disk that is to be there, and the role that it says it has from then on.</param>
    /// <param name="other">The one that was there, likewise.</param>
    public static WorkflowStep Step(
        string name, TaskState shows, Func<Disks, (Guid? Disk, DiskRole Role)> boots, Func<Disks, (Guid? Disk, DiskRole Role)> other,
        Func<StepContext, CancellationToken, Task>? undo) => new(
        name,
        async (context, stop) =>
        {
            await PutAsync(context, boots(context.Row.Disks), other(context.Row.Disks), stop);
            return new StepOutcome.Done();
        },
        undo,
        async (context, stop) => await Probing.UnderWayAsync(context, XenCalls.VbdCreate.Name, stop) is { } underWay ? new ProbeAnswer.Unknown(underWay) : ProbeAnswer.NotDone.Instance,
        shows,
        Needs: Needs.Pool);

    /// <summary>Reads first what is so; doing it again changes nothing. A mark may say it before the row does: what a row names is expected under any role.</summary>
    public static async Task PutAsync(StepContext context, (Guid? Disk, DiskRole Role) boots, (Guid? Disk, DiskRole Role) other, CancellationToken stop)
    {
        var (vm, record) = await OwnVm.ReadAsync(context, stop);
        var wanted = await context.Pool.RefAsync(Vdi.GetByUuid(boots.Disk ?? throw new InvalidOperationException($"Instance {context.Row.Id} names no disk to boot from.")), stop);
        var isThere = false;
        foreach (var vbd in record.Vbds)
        {
            var device = await context.Pool.CallAsync(Vbd.GetRecord(vbd), stop);
            if (device.UserDevice != Device)
                continue;
            isThere = device.Vdi == wanted;
            if (!isThere)
                await context.Pool.CallAsync(Vbd.Destroy(vbd), stop);
        }
        if (!isThere)
            await context.Pool.CallAsync(Vbd.Create(new NewVbd(vm, wanted, Device, Bootable: true, Marks.Of(context.Row.Stamp))), stop);
        await MarkAsync(context, boots, stop);
        await MarkAsync(context, other, stop);
    }

    private static async Task MarkAsync(StepContext context, (Guid? Disk, DiskRole Role) of, CancellationToken stop)
    {
        if (of.Disk is { } disk)
            await context.Pool.CallAsync(
                Vdi.SetOtherConfig(await context.Pool.RefAsync(Vdi.GetByUuid(disk), stop), Marks.OfClaimedDisk(context.Row.Stamp, disk, of.Role, context.Row.WorkingIntent)), stop);
    }
}
