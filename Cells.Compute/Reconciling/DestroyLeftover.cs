using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;

namespace Cells.Compute.Reconciling;

/// <summary>
/// To any host's actor of the pool: destroy this object, if it still carries exactly this stamp, and of a disk this role. A durable row says that it should not be there
/// (<see cref="JudgeObject"/>). What fails is found by the next sweep.
/// </summary>
internal sealed record DestroyLeftover(LeftoverKind Kind, Guid Uuid, Stamp Stamp, DiskRole Role = DiskRole.Root)
{
    public async Task PerformAsync(IPoolCalls pool, CancellationToken stop)
    {
        try
        {
            if (Kind == LeftoverKind.Vm)
                await DestroyVmAsync(pool, stop);
            else
                await DestroyDiskAsync(pool, stop);
        }
        catch (XenApiFailure gone) when (gone.Code is "UUID_INVALID" or "HANDLE_INVALID")
        {
            // Somebody was faster: what was wanted.
        }
    }

    private async Task DestroyVmAsync(IPoolCalls pool, CancellationToken stop)
    {
        var vm = await pool.CallAsync(Vm.GetByUuid(Uuid), stop);
        var record = await pool.CallAsync(Vm.GetRecord(vm), stop);
        if (Marks.Read(record.OtherConfig) != Stamp || Marks.IsCopy(record.Uuid, record.OtherConfig))
            return;
        if (record.PowerState != VmPowerState.Halted)
            await pool.RunTaskAsync(Vm.HardShutdown(vm), stop);
        await pool.CallAsync(Vm.Destroy(vm), stop);
    }

    private async Task DestroyDiskAsync(IPoolCalls pool, CancellationToken stop)
    {
        var disk = await pool.CallAsync(Vdi.GetByUuid(Uuid), stop);
        var record = await pool.CallAsync(Vdi.GetRecord(disk), stop);
        if (Marks.Read(record.OtherConfig) == Stamp && Marks.RoleOf(record.OtherConfig) == Role && Marks.IsOwnDisk(record))
            await pool.CallAsync(Vdi.Destroy(disk), stop);
    }
}

internal enum LeftoverKind
{
    Vm = 1,
    Disk = 2,
}
