using System.Globalization;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Storage;
using Cells.XenSim.Core.Vms;

namespace Cells.XenSim.Core.Devices;

/// <summary>Virtual block devices.</summary>
internal static class VbdMethods
{
    public static void Register(MethodTable table)
    {
        table.On("VBD.create", Create);
        table.On("VBD.destroy", Destroy);
        table.Works("VBD.plug", Plug);
        table.Works("VBD.unplug", call => Unplug(call, "unplug"));
        table.Works("VBD.unplug_force", call => Unplug(call, "unplug_force"));
        table.On("VBD.set_mode", call =>
        {
            var vbd = call.Target("VBD");
            if (vbd.Flag("currently_attached")) throw new XapiFailure("DEVICE_ALREADY_ATTACHED", vbd.Ref);
            vbd.Put("mode", call.Text(1));
            return Step.Void;
        });
    }

    public static string[] Allowed(Database database, SimObject vbd)
    {
        if (vbd.Map("current_operations").Count > 0 || database.Find("VM", vbd.Text("VM")) is not { } vm) return [];
        return (vm.Text("power_state"), vbd.Flag("currently_attached")) switch
        {
            ("Running", true) => ["attach", "unpause", "pause", "unplug", "unplug_force"],
            ("Running", false) => ["attach", "plug"],
            ("Paused", true) => ["attach", "unpause"],
            _ => ["attach"],
        };
    }

    /// <summary>xvda, xvdb … xvdz, xvdaa: what a guest with PV drivers calls the device.</summary>
    public static string DeviceName(string userdevice)
    {
        if (!int.TryParse(userdevice, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return userdevice;
        return number < 26 ? $"xvd{(char)('a' + number)}" : $"xvd{(char)('a' + (number / 26) - 1)}{(char)('a' + (number % 26))}";
    }

    private static Step Create(Call call)
    {
        var record = call.Record(0);
        var values = record.ToValues();
        var vm = call.Database.Get("VM", (string)record["VM"]!);
        var type = (string)record["type"]!;
        var empty = (bool)record["empty"]!;
        var readOnly = (string)record["mode"]! == "RO";
        if (empty && type != "CD") throw new XapiFailure("VBD_NOT_REMOVABLE_MEDIA", "in constructor");
        if (type == "CD" && !readOnly) throw new XapiFailure("VBD_CDS_MUST_BE_READONLY");
        if (!empty)
        {
            var vdi = call.Database.Get("VDI", (string)record["VDI"]!);
            if (vdi.Flag("read_only") && !readOnly) throw new XapiFailure("VDI_READONLY", vdi.Ref);
        }
        else
        {
            values[Field("VDI")] = Refs.Null;
        }
        values[Field("userdevice")] = Device(call, vm, (string)record["userdevice"]!);

        // Runtime fields are honoured only while the VM is being restored from suspension.
        if (vm.Text("power_state") != "Suspended")
        {
            values[Field("currently_attached")] = Boxed.False;
            values[Field("device")] = "";
        }
        var vbd = call.Database.Create(PublishedModel.Class("VBD"), values);
        RefreshAround(call, vbd);
        return Step.Of(vbd.Ref);
    }

    private static string Device(Call call, SimObject vm, string asked)
    {
        var used = Domain.Devices(call.Database, vm, "VBDs", "VBD").Select(v => v.Text("userdevice")).ToHashSet(StringComparer.Ordinal);
        if (asked == "autodetect")
            return Enumerable.Range(0, 255).Select(i => i.ToString(CultureInfo.InvariantCulture)).First(d => !used.Contains(d));
        if (!int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 254)
            throw new XapiFailure("INVALID_DEVICE", asked);
        return used.Contains(asked) ? throw new XapiFailure("DEVICE_ALREADY_EXISTS", asked) : asked;
    }

    private static Step Destroy(Call call)
    {
        var vbd = call.Target("VBD");
        if (vbd.Flag("currently_attached") && call.Database.Find("VM", vbd.Text("VM")) is { } vm)
            throw XapiFailure.NotAllowed($"VBD '{vbd.Uuid}' still attached to '{vm.Uuid}'");
        var vdi = call.Database.Find("VDI", vbd.Text("VDI"));
        call.Database.Delete(vbd);
        if (vdi is not null) AllowedOperations.Refresh(call.Pool, vdi);
        return Step.Void;
    }

    private static Step Plug(Call call)
    {
        var vbd = call.Target("VBD");
        var vm = call.Database.Get("VM", vbd.Text("VM"));
        if (vm.Text("power_state") != "Running") throw VmOperations.BadState(vm, "Running");
        CheckIdle(vbd);
        if (vbd.Flag("currently_attached")) throw new XapiFailure("DEVICE_ALREADY_ATTACHED", vbd.Ref);
        CheckDrivers(call.Database, vm);
        if (call.Database.Find("VDI", vbd.Text("VDI")) is { } vdi) VdiGuard.CheckAttachable(call.Database, vdi, vbd);
        if (VmMemory.IsHvm(vm) && vbd.Text("type") == "Disk" && vbd.Text("mode") == "RO") throw new XapiFailure("DISK_VBD_MUST_BE_READWRITE_FOR_HVM", vbd.Ref);
        call.Forward(call.Database.Get("host", vm.Text("resident_on")));
        call.Hold(vbd, "plug");
        return call.Work(() =>
        {
            if (vm.Text("power_state") != "Running") throw VmOperations.BadState(vm, "Running");   // it may have ended meanwhile
            vbd.Put("device", DeviceName(vbd.Text("userdevice")));
            vbd.Put("currently_attached", true);
            RefreshAround(call, vbd);
            return null;
        });
    }

    private static Step Unplug(Call call, string operation)
    {
        var vbd = call.Target("VBD");
        var vm = call.Database.Get("VM", vbd.Text("VM"));
        if (vm.Map("current_operations").Any(o => o.Value is "clean_shutdown" or "hard_shutdown" or "suspend" or "pause"))
            throw XapiFailure.NotAllowed($"VM '{vm.Uuid}' is shutting down, suspending or pausing");
        CheckIdle(vbd);
        if (!vbd.Flag("currently_attached")) throw new XapiFailure("DEVICE_ALREADY_DETACHED", vbd.Ref);
        if (vm.Text("power_state") != "Running") throw VmOperations.BadState(vm, "Running");
        if (!vbd.Flag("unpluggable")) throw new XapiFailure("VBD_NOT_UNPLUGGABLE", vbd.Ref);
        CheckDrivers(call.Database, vm);
        call.Forward(call.Database.Get("host", vm.Text("resident_on")));
        call.Hold(vbd, operation);
        return call.Work(() =>
        {
            vbd.Put("currently_attached", false);
            RefreshAround(call, vbd);
            return null;
        });
    }

    private static void CheckIdle(SimObject vbd)
    {
        if (vbd.Map("current_operations") is { Count: > 0 } current)
            throw new ObjectBusy("VBD", vbd.Ref, current.First().Value, current.First().Key);
    }

    public static void CheckDrivers(Database database, SimObject vm)
    {
        if (VmMemory.IsHvm(vm) && database.Find("VM_guest_metrics", vm.Text("guest_metrics"))?.Flag("PV_drivers_detected") is not true)
            throw new XapiFailure("VM_MISSING_PV_DRIVERS", vm.Ref);
    }

    private static void RefreshAround(Call call, SimObject vbd)
    {
        AllowedOperations.Refresh(call.Pool, vbd);
        if (call.Database.Find("VDI", vbd.Text("VDI")) is { } vdi) AllowedOperations.Refresh(call.Pool, vdi);
    }

    private static int Field(string name) => PublishedModel.Class("VBD").Field(name).Index;
}
