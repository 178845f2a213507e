namespace Cells.Scheduler.Capacity;

/// <summary>
/// Memory that Xen itself takes for an HVM guest beside the guest's own, as xapi computes it (xen-api, xapi-idl/memory/memory.ml; shadow
/// multiplier 1): internal 1 MiB + video 1 MiB + shadow pages + page tables of the vCPUs.
/// </summary>
public static class XenMemoryOverhead
{
    /// <param name="memoryMib">memory_static_max of the VM, MiB.</param>
    /// <returns>MiB. Example: 1 vCPU and 1024 MiB take 12, 4 vCPU and 8192 MiB take 71.</returns>
    public static long Mib(int vcpus, long memoryMib)
    {
        var shadow = Math.Max(1, DivideUp((256L * vcpus) + (2 * memoryMib), 256));
        return 1 + 1 + shadow + DivideUp(38L * vcpus, 256);
    }

    private static long DivideUp(long a, long b) => (a + b - 1) / b;
}
