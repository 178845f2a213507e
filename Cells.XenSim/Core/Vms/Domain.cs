using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Devices;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Vms;

/// <summary>What becomes of the records when a domain is built, rebuilt or gone.</summary>
internal static class Domain
{
    public static void Build(SimPool pool, SimObject vm, SimObject host, bool paused)
    {
        var database = pool.Database;
        Forget(database, "VM_guest_metrics", vm.Text("guest_metrics"));
        vm.Put("guest_metrics", Refs.Null);
        vm.Put("power_state", paused ? "Paused" : "Running");
        var machine = pool.HostOf(host) ?? throw XapiFailure.HandleInvalid("host", host.Ref);
        vm.Put("domid", (long)machine.NextDomid());
        vm.Put("resident_on", host.Ref);
        vm.Put("scheduled_to_be_resident_on", Refs.Null);
        vm.Put("memory_target", vm.Int("memory_dynamic_max"));
        if (vm.Text("ha_restart_priority") == "restart") vm.Put("ha_always_run", true);
        foreach (var vbd in Devices(database, vm, "VBDs", "VBD"))
        {
            vbd.Put("currently_attached", true);
            vbd.Put("device", VbdMethods.DeviceName(vbd.Text("userdevice")));
        }
        foreach (var vif in Devices(database, vm, "VIFs", "VIF")) vif.Put("currently_attached", true);
        if (vm.Set("consoles").Length == 0) AddConsole(database, vm, host);

        var metrics = database.Get("VM_metrics", vm.Text("metrics"));
        var now = XapiTime.Of(pool.Now);
        metrics.Put("memory_actual", vm.Int("memory_dynamic_max"));
        metrics.Put("VCPUs_number", vm.Int("VCPUs_at_startup"));
        metrics.Put("start_time", now);
        metrics.Put("last_updated", now);
        metrics.Put("current_domain_type", VmMemory.DomainType(vm));
        metrics.Put("hvm", VmMemory.IsHvm(vm));
        AllowedOperations.RefreshVmAndDevices(pool, vm);
        if (!paused) GuestBoots(pool, vm);
    }

    /// <summary>The guest starts to run its own code; its tools report a while later if it has any.</summary>
    public static void GuestBoots(SimPool pool, SimObject vm)
    {
        if (pool.Options.GuestToolsAfter is not { } delay) return;
        var domid = vm.Int("domid");
        if (delay <= TimeSpan.Zero) ReportTools(pool, vm, domid);
        else pool.After(delay, () => ReportTools(pool, vm, domid));
    }

    /// <summary>The domain is gone: nothing is attached, nothing is resident.</summary>
    public static void Gone(SimPool pool, SimObject vm, string state)
    {
        var database = pool.Database;
        vm.Put("power_state", state);
        vm.Put("domid", -1L);
        vm.Put("resident_on", Refs.Null);
        vm.Put("scheduled_to_be_resident_on", Refs.Null);
        vm.Put("ha_always_run", false);
        foreach (var console in vm.Set("consoles")) Forget(database, "console", console);
        Forget(database, "VM_guest_metrics", vm.Text("guest_metrics"));
        vm.Put("guest_metrics", Refs.Null);

        // A suspended VM keeps its devices: they come back with it.
        if (state == "Halted")
        {
            foreach (var vbd in Devices(database, vm, "VBDs", "VBD")) vbd.Put("currently_attached", false);
            foreach (var vif in Devices(database, vm, "VIFs", "VIF")) vif.Put("currently_attached", false);
        }
        if (database.Find("VM_metrics", vm.Text("metrics")) is { } metrics)
        {
            metrics.Put("memory_actual", 0L);
            metrics.Put("VCPUs_number", 0L);
            metrics.Put("last_updated", XapiTime.Of(pool.Now));
        }
        AllowedOperations.RefreshVmAndDevices(pool, vm);
    }

    public static void Reboot(SimPool pool, SimObject vm)
    {
        var host = pool.Database.Get("host", vm.Text("resident_on"));
        Build(pool, vm, host, paused: false);
    }

    /// <summary>The guest shut itself down or restarted; what follows is the VM's own setting.</summary>
    public static void GuestEnded(SimPool pool, SimObject vm, string action)
    {
        if (action is "restart" or "coredump_and_restart" or "rename_restart" or "soft_reboot") Reboot(pool, vm);
        else if (action == "preserve") vm.Put("power_state", "Paused");
        else Gone(pool, vm, "Halted");
    }

    public static IEnumerable<SimObject> Devices(Database database, SimObject vm, string set, string className) =>
        vm.Set(set).Select(r => database.Find(className, r)).OfType<SimObject>();

    public static void Forget(Database database, string className, string reference)
    {
        if (database.Find(className, reference) is { } known) database.Delete(known);
    }

    private static void AddConsole(Database database, SimObject vm, SimObject host)
    {
        var uuid = database.Ids.NextUuid();
        database.Create("console", ("uuid", uuid), ("protocol", "rfb"), ("VM", vm.Ref),
            ("location", $"https://{host.Text("address")}/console?uuid={uuid}"));
    }

    private static void ReportTools(SimPool pool, SimObject vm, long domid)
    {
        if (vm.Deleted || vm.Int("domid") != domid || vm.Text("guest_metrics") != Refs.Null) return;
        var metrics = pool.Database.Create("VM_guest_metrics",
            ("PV_drivers_version", StringMap.Of(("major", "8"), ("minor", "4"), ("micro", "0"), ("build", "1"))),
            ("PV_drivers_up_to_date", Boxed.True), ("PV_drivers_detected", Boxed.True), ("live", Boxed.True),
            ("last_updated", XapiTime.Of(pool.Now)),
            ("other", StringMap.Of(("feature-suspend", "1"), ("feature-shutdown", "1"), ("feature-poweroff", "1"), ("feature-reboot", "1"), ("feature-vcpu-hotplug", "1"))));
        vm.Put("guest_metrics", metrics.Ref);
        AllowedOperations.RefreshVmAndDevices(pool, vm);
    }
}
