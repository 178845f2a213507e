using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Vms;

/// <summary>xapi's memory arithmetic: what a VM costs beside its own memory, and what a host has left (xapi-idl/memory/memory.ml).</summary>
internal static class VmMemory
{
    private const long Mib = 1L << 20;

    public static bool IsHvm(SimObject vm) => DomainType(vm) is "hvm" or "pvh";

    /// <summary>The type the VM would boot as: the field says it, else the boot policy.</summary>
    public static string DomainType(SimObject vm) => vm.Text("domain_type") switch
    {
        "unspecified" => vm.Text("HVM_boot_policy").Length > 0 ? "hvm" : "pv",
        var type => type,
    };

    public static long OverheadBytes(SimObject vm) => vm.Flag("is_control_domain")
        ? vm.Int("memory_overhead")
        : OverheadMib(DomainType(vm), vm.Int("VCPUs_max"), vm.Int("memory_static_max") / Mib, (double)vm["HVM_shadow_multiplier"]!) * Mib;

    /// <summary>Internal pages, one for Xen, shadow pages, the vCPU term, and the shim of a PV guest in a PVH container.</summary>
    public static long OverheadMib(string domainType, long vcpusMax, long staticMaxMib, double shadowMultiplier)
    {
        var shadow = Math.Max(1, (long)Math.Floor(shadowMultiplier * Math.Ceiling((256.0 * vcpusMax + 2 * staticMaxMib) / 256)));
        var inside = domainType is "hvm" or "pvh" ? 1 : 0;
        var shim = domainType == "pv_in_pvh" ? 23 + staticMaxMib / 90 : 0;
        return inside + 1 + shadow + (long)Math.Ceiling(38.0 * vcpusMax / 256) + shim;
    }

    /// <summary>What must be free on a host to start the VM.</summary>
    public static long NeededToStart(SimObject vm) =>
        (DomainType(vm) == "pv_in_pvh" ? vm.Int("memory_static_max") : vm.Int("memory_dynamic_min")) + OverheadBytes(vm);

    /// <summary>host.compute_free_memory: reservations count from the moment a start has chosen the host.</summary>
    public static long FreeBytes(Database database, SimObject host)
    {
        var total = database.Get("host_metrics", host.Text("metrics")).Int("memory_total");
        return Math.Max(0, total - UsedBytes(database, host));
    }

    public static long UsedBytes(Database database, SimObject host)
    {
        var used = host.Int("memory_overhead");
        foreach (var vm in database.All("VM"))
            if (vm.Text("resident_on") == host.Ref || vm.Text("scheduled_to_be_resident_on") == host.Ref)
                used += vm.Int("memory_dynamic_min") + vm.Int("memory_overhead");
        return used;
    }

    /// <exception cref="XapiFailure">MEMORY_CONSTRAINT_VIOLATION.</exception>
    public static void CheckOrder(long staticMin, long dynamicMin, long dynamicMax, long staticMax)
    {
        if (staticMin <= dynamicMin && dynamicMin <= dynamicMax && dynamicMax <= staticMax) return;
        throw new XapiFailure("MEMORY_CONSTRAINT_VIOLATION",
            "Memory limits must satisfy: static_min ≤ dynamic_min ≤ dynamic_max ≤ static_max");
    }
}
