using System.Globalization;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Storage;

namespace Cells.XenSim.Core.Vms;

/// <summary>Starting, stopping, pausing and suspending.</summary>
internal static class VmLifeMethods
{
    // xapi's domain_shutdown_total_timeout: how long a guest may take that was asked to end.
    private static readonly TimeSpan GuestTimeout = TimeSpan.FromSeconds(1200);

    public static void Register(MethodTable table)
    {
        table.Works("VM.start", call => Start(call, null, call.Flag(1), "start"));
        table.Works("VM.start_on", call => Start(call, call.Target("host", 1), call.Flag(2), "start_on"));
        table.Works("VM.pause", call => Change(call, "pause", vm =>
        {
            vm.Put("power_state", "Paused");
            AllowedOperations.RefreshVmAndDevices(call.Pool, vm);
        }));
        table.Works("VM.unpause", call => Change(call, "unpause", vm =>
        {
            vm.Put("power_state", "Running");
            Domain.GuestBoots(call.Pool, vm);
            AllowedOperations.RefreshVmAndDevices(call.Pool, vm);
        }));
        table.Works("VM.clean_shutdown", call => Change(call, "clean_shutdown", vm => Domain.Gone(call.Pool, vm, "Halted")));
        table.Works("VM.hard_shutdown", call => Change(call, "hard_shutdown", vm => HardShutdown(call.Pool, vm)));
        table.Works("VM.shutdown", Shutdown);
        table.Works("VM.clean_reboot", call => Change(call, "clean_reboot", vm => Domain.Reboot(call.Pool, vm)));
        table.Works("VM.hard_reboot", call => Change(call, "hard_reboot", vm => Domain.Reboot(call.Pool, vm)));
        table.Works("VM.suspend", Suspend);
        table.Works("VM.resume", call => Resume(call, null, call.Flag(1), "resume"));
        table.Works("VM.resume_on", call => Resume(call, call.Target("host", 1), call.Flag(2), "resume_on"));
        table.On("VM.power_state_reset", PowerStateReset);
    }

    private static Step Start(Call call, SimObject? chosen, bool paused, string operation)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, operation);
        VmMemory.CheckOrder(vm.Int("memory_static_min"), vm.Int("memory_dynamic_min"), vm.Int("memory_dynamic_max"), vm.Int("memory_static_max"));
        vm.Put("memory_overhead", VmMemory.OverheadBytes(vm));
        var host = Reserve(call, vm, chosen, operation, "vm_start");
        return call.Work(() =>
        {
            Domain.Build(call.Pool, vm, host, paused);
            return null;
        });
    }

    /// <summary>From here on the VM's memory counts as used on the host, so that parallel starts cannot take it twice.</summary>
    private static SimObject Reserve(Call call, SimObject vm, SimObject? chosen, string operation, string hostOperation)
    {
        if (chosen is not null) BootPlace.Check(call.Pool, vm, chosen);
        var host = chosen ?? BootPlace.Choose(call.Pool, vm);
        BootPlace.CheckDisksFree(call.Database, vm);

        // VM.start leaves memory out of its choice when no host has enough; the boot itself does not.
        if (chosen is null) BootPlace.Check(call.Pool, vm, host);
        call.Forward(host);
        call.Hold(vm, operation);
        call.Hold(host, hostOperation);
        vm.Put("scheduled_to_be_resident_on", host.Ref);
        call.OnAbort(() => vm.Put("scheduled_to_be_resident_on", Refs.Null));
        foreach (var vbd in Domain.Devices(call.Database, vm, "VBDs", "VBD")) call.Hold(vbd, "attach");
        foreach (var vif in Domain.Devices(call.Database, vm, "VIFs", "VIF")) call.Hold(vif, "attach");
        return host;
    }

    private static Step Change(Call call, string operation, Action<SimObject> effect)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, operation);
        ForwardToResident(call, vm);
        if (operation is "hard_shutdown" or "hard_reboot") VmOperations.CancelWhatGivesWay(call, vm);
        if (operation is "clean_shutdown" or "clean_reboot" && call.Pool.DeafGuests.Contains(vm.Ref)) return WaitInVain(call, vm, operation);
        call.Hold(vm, operation);
        return call.Work(() =>
        {
            VmOperations.CheckState(vm, operation);
            effect(vm);
            return null;
        });
    }

    private static Step WaitInVain(Call call, SimObject vm, string operation)
    {
        call.Latency = GuestTimeout;
        call.Hold(vm, operation);
        return call.Work(() =>
            throw new XapiFailure("VM_SHUTDOWN_TIMEOUT", vm.Ref, GuestTimeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)));
    }

    // A suspended VM is nowhere: its image is removed by whoever has the repository.
    private static void ForwardToResident(Call call, SimObject vm)
    {
        if (call.Database.Find("host", vm.Text("resident_on")) is { } host) call.Forward(host);
    }

    /// <summary>VM.shutdown is clean when the guest can, else hard.</summary>
    private static Step Shutdown(Call call)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, "shutdown");
        ForwardToResident(call, vm);
        call.Hold(vm, "shutdown");
        return call.Work(() =>
        {
            HardShutdown(call.Pool, vm);
            return null;
        });
    }

    /// <summary>A suspended VM's memory image goes too.</summary>
    private static void HardShutdown(SimPool pool, SimObject vm)
    {
        if (vm.Text("power_state") == "Suspended") DropSuspendImage(pool, vm);
        Domain.Gone(pool, vm, "Halted");
    }

    private static Step Suspend(Call call)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, "suspend");
        var host = call.Database.Get("host", vm.Text("resident_on"));
        call.Forward(host);
        string[] choices = [vm.Text("suspend_SR"), host.Text("suspend_image_sr"), call.Pool.Record.Text("suspend_image_SR")];
        var sr = choices.Select(r => call.Database.Find("SR", r)).FirstOrDefault(s => s is not null) ?? throw new XapiFailure("VM_NO_SUSPEND_SR", vm.Ref);
        call.Hold(vm, "suspend");
        return call.Work(() =>
        {
            var image = VhdStore.Create(call.Pool, sr, vm.Int("memory_static_max"), values =>
            {
                values["name_label"] = "Suspend image";
                values["type"] = "suspend";
            });
            Domain.Gone(call.Pool, vm, "Suspended");
            vm.Put("suspend_VDI", image.Ref);
            return null;
        });
    }

    private static Step Resume(Call call, SimObject? chosen, bool paused, string operation)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, operation);
        var host = Reserve(call, vm, chosen, operation, "vm_resume");
        return call.Work(() =>
        {
            DropSuspendImage(call.Pool, vm);
            Domain.Build(call.Pool, vm, host, paused);
            return null;
        });
    }

    private static void DropSuspendImage(SimPool pool, SimObject vm)
    {
        if (pool.Database.Find("VDI", vm.Text("suspend_VDI")) is { } image) VhdStore.Destroy(pool, image);
        vm.Put("suspend_VDI", Refs.Null);
    }

    /// <summary>Only for VMs of a host that is gone: while it is live the call would make a second copy possible.</summary>
    private static Step PowerStateReset(Call call)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, "power_state_reset");
        if (call.Database.Find("host", vm.Text("resident_on")) is { } host && call.Database.Get("host_metrics", host.Text("metrics")).Flag("live"))
            throw new XapiFailure("HOST_IS_LIVE", host.Ref);
        Domain.Gone(call.Pool, vm, "Halted");
        return Step.Void;
    }
}
