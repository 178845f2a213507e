using System.Globalization;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Storage;

namespace Cells.XenSim.Core.Vms;

/// <summary>Where a VM may boot: the checks behind start_on, assert_can_boot_here and VM.start's choice.</summary>
internal static class BootPlace
{
    /// <exception cref="XapiFailure">The first reason why the VM cannot run on that host.</exception>
    public static void Check(SimPool pool, SimObject vm, SimObject host, bool withMemory = true)
    {
        var database = pool.Database;
        if (!database.Get("host_metrics", host.Text("metrics")).Flag("live")) throw new XapiFailure("HOST_NOT_LIVE");
        if (!host.Flag("enabled")) throw new XapiFailure("HOST_DISABLED", host.Ref);
        if (host.Map("current_operations").Any(o => o.Value == "evacuate")) throw new XapiFailure("HOST_EVACUATE_IN_PROGRESS", host.Ref);
        CheckCpus(vm, host);
        foreach (var vbd in Devices(database, vm, "VBDs", "VBD"))
            if (database.Find("VDI", vbd.Text("VDI")) is { } vdi && !SrMethods.IsPlugged(database, vdi.Text("SR"), host.Ref))
                throw new XapiFailure("VM_REQUIRES_SR", vm.Ref, vdi.Text("SR"));
        foreach (var vif in Devices(database, vm, "VIFs", "VIF")) CheckNetwork(database, vm, vif, host);
        if (VmMemory.IsHvm(vm) && !host.Set("capabilities").Any(c => c.Contains("hvm", StringComparison.Ordinal)))
            throw new XapiFailure("VM_HVM_REQUIRED", vm.Ref);
        if (!withMemory) return;
        var (needed, available) = (VmMemory.NeededToStart(vm), VmMemory.FreeBytes(database, host));
        if (needed > available)
            throw new XapiFailure("HOST_NOT_ENOUGH_FREE_MEMORY", needed.ToString(CultureInfo.InvariantCulture), available.ToString(CultureInfo.InvariantCulture));
    }

    public static IEnumerable<SimObject> Possible(SimPool pool, SimObject vm, bool withMemory = true) =>
        pool.Database.All("host").Where(host => Passes(pool, vm, host, withMemory));

    /// <summary>VM.start's own choice: memory is left out of the question when no host has enough; affinity goes first, then the emptiest.</summary>
    /// <exception cref="XapiFailure">NO_HOSTS_AVAILABLE.</exception>
    public static SimObject Choose(SimPool pool, SimObject vm)
    {
        var hosts = Possible(pool, vm).ToList();
        if (hosts.Count == 0) hosts = [.. Possible(pool, vm, withMemory: false)];
        return hosts.FirstOrDefault(h => h.Ref == vm.Text("affinity"))
            ?? hosts.OrderByDescending(h => VmMemory.FreeBytes(pool.Database, h)).FirstOrDefault()
            ?? throw new XapiFailure("NO_HOSTS_AVAILABLE");
    }

    /// <summary>A disk may be written by one live VM or read by many, unless it is sharable.</summary>
    public static void CheckDisksFree(Database database, SimObject vm)
    {
        foreach (var vbd in Devices(database, vm, "VBDs", "VBD"))
            if (database.Find("VDI", vbd.Text("VDI")) is { } vdi) VdiGuard.CheckAttachable(database, vdi, vbd);
    }

    private static bool Passes(SimPool pool, SimObject vm, SimObject host, bool withMemory)
    {
        try
        {
            Check(pool, vm, host, withMemory);
            return true;
        }
        catch (XapiFailure)
        {
            return false;   // which reason it was, only assert_can_boot_here tells
        }
    }

    private static void CheckCpus(SimObject vm, SimObject host)
    {
        var cpus = host.Set("host_CPUs").Length;
        if (vm.Int("VCPUs_max") > cpus && vm.Map("platform")["vcpu-unrestricted"] is null)
            throw new XapiFailure("HOST_NOT_ENOUGH_PCPUS", vm.Int("VCPUs_max").ToString(CultureInfo.InvariantCulture), cpus.ToString(CultureInfo.InvariantCulture));
    }

    // A network without any PIF is internal to whatever host the VM runs on.
    private static void CheckNetwork(Database database, SimObject vm, SimObject vif, SimObject host)
    {
        if (database.Find("network", vif.Text("network")) is not { } network) return;
        var pifs = network.Set("PIFs").Select(p => database.Find("PIF", p)).ToList();
        if (pifs.Count > 0 && !pifs.Any(p => p is not null && p.Text("host") == host.Ref && p.Flag("currently_attached")))
            throw new XapiFailure("VM_REQUIRES_NETWORK", vm.Ref, network.Ref);
    }

    private static IEnumerable<SimObject> Devices(Database database, SimObject vm, string set, string className) =>
        vm.Set(set).Select(r => database.Find(className, r)).OfType<SimObject>();
}
