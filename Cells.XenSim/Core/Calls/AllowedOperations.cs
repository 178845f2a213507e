using Cells.XenSim.Core.Devices;
using Cells.XenSim.Core.Hosts;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Storage;
using Cells.XenSim.Core.Vms;

namespace Cells.XenSim.Core.Calls;

/// <summary>Keeps allowed_operations in step with an object's state. They are advice: a call checks for itself.</summary>
internal static class AllowedOperations
{
    public static void Refresh(SimPool pool, SimObject target)
    {
        if (target.Deleted) return;
        var allowed = target.Class.Name switch
        {
            "VM" => VmOperations.Allowed(pool.Database, target),
            "VBD" => VbdMethods.Allowed(pool.Database, target),
            "VIF" => VifMethods.Allowed(pool.Database, target),
            "VDI" => VdiGuard.Allowed(pool.Database, target),
            "SR" => SrMethods.Allowed(target),
            "host" => HostMethods.Allowed(target),
            _ => null,
        };
        if (allowed is not null) target.Put("allowed_operations", allowed);
    }

    /// <summary>A VM's state decides what its devices and their disks allow.</summary>
    public static void RefreshVmAndDevices(SimPool pool, SimObject vm)
    {
        Refresh(pool, vm);
        foreach (var reference in vm.Set("VIFs"))
            if (pool.Database.Find("VIF", reference) is { } vif) Refresh(pool, vif);
        foreach (var reference in vm.Set("VBDs"))
        {
            if (pool.Database.Find("VBD", reference) is not { } vbd) continue;
            Refresh(pool, vbd);
            if (pool.Database.Find("VDI", vbd.Text("VDI")) is { } vdi) Refresh(pool, vdi);
        }
    }
}
