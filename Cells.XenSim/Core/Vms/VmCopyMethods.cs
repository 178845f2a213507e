using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Storage;

namespace Cells.XenSim.Core.Vms;

/// <summary>VM.clone, VM.copy, VM.snapshot and VM.provision.</summary>
internal static class VmCopyMethods
{
    public static void Register(MethodTable table)
    {
        table.Works("VM.clone", call => Copy(call, "clone", vdi => VhdStore.Clone(call.Pool, vdi, asSnapshot: false)));
        table.Works("VM.copy", call => Copy(call, "copy", vdi => VhdStore.Copy(call.Pool, vdi, TargetSr(call, vdi))));
        table.Works("VM.snapshot", Snapshot);
        table.Works("VM.provision", Provision);
    }

    private static SimObject TargetSr(Call call, SimObject vdi) =>
        call.Database.Get("SR", Refs.IsNull(call.Text(2)) ? vdi.Text("SR") : call.Text(2));

    private static Step Copy(Call call, string operation, Func<SimObject, SimObject> copyDisk)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, operation);
        call.Hold(vm, operation);
        return call.Work(() =>
        {
            var made = CopyRecord(call, vm, call.Text(1));
            made.Put("is_default_template", false);
            made.Put("is_a_snapshot", false);
            made.Put("snapshot_of", Refs.Null);
            made.Put("parent", Refs.Null);
            var config = vm.Map("other_config").Without("default_template").Without("xensource_internal").With("mac_seed", call.Database.Ids.NextUuid());
            if (vm.Flag("is_default_template")) config = config.With("base_template_name", vm.Text("name_label"));
            made.Put("other_config", config);
            CopyDevices(call, vm, made, copyDisk, keepMacs: false);
            AllowedOperations.RefreshVmAndDevices(call.Pool, made);
            return made.Ref;
        });
    }

    private static Step Snapshot(Call call)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, "snapshot");
        call.Hold(vm, "snapshot");
        return call.Work(() =>
        {
            var ignored = (string[])call.Args[2]!;
            var made = CopyRecord(call, vm, call.Text(1));
            made.Put("is_a_snapshot", true);
            made.Put("is_a_template", true);
            made.Put("snapshot_of", vm.Ref);
            made.Put("snapshot_time", XapiTime.Of(call.Now));
            made.Put("snapshot_info", StringMap.Of(("power-state-at-snapshot", vm.Text("power_state")), ("disk-snapshot-type", "crash_consistent")));
            made.Put("parent", vm.Text("parent"));
            vm.Put("parent", made.Ref);
            CopyDevices(call, vm, made, vdi => ignored.Contains(vdi.Ref) ? null : VhdStore.Clone(call.Pool, vdi, asSnapshot: true), keepMacs: true);
            AllowedOperations.RefreshVmAndDevices(call.Pool, made);
            return made.Ref;
        });
    }

    private static SimObject CopyRecord(Call call, SimObject vm, string name)
    {
        var values = vm.CopyValues();
        void Put(string field, object value) => values[vm.Class.Field(field).Index] = value;
        Put("uuid", "");
        Put("name_label", name);
        Put("power_state", "Halted");
        Put("domid", Boxed.Int(-1));
        Put("current_operations", StringMap.Empty);
        foreach (var reference in new[] { "resident_on", "scheduled_to_be_resident_on", "guest_metrics", "suspend_VDI" }) Put(reference, Refs.Null);
        foreach (var set in new[] { "VBDs", "VIFs", "consoles", "snapshots", "children", "VTPMs", "crash_dumps" }) Put(set, Array.Empty<string>());
        Put("metrics", call.Database.Create("VM_metrics", ("install_time", XapiTime.Of(call.Now)), ("last_updated", XapiTime.Of(call.Now)), ("start_time", XapiTime.Never)).Ref);
        return call.Database.Create(vm.Class, values);
    }

    private static void CopyDevices(Call call, SimObject vm, SimObject made, Func<SimObject, SimObject?> copyDisk, bool keepMacs)
    {
        foreach (var vbd in Domain.Devices(call.Database, vm, "VBDs", "VBD").ToList())
        {
            var disk = call.Database.Find("VDI", vbd.Text("VDI"));
            var copied = disk is null || vbd.Text("type") != "Disk" ? disk : copyDisk(disk);
            if (disk is not null && copied is null) continue;
            var copy = CopyDevice(call, vbd, made);
            copy.Put("VDI", copied?.Ref ?? Refs.Null);
        }
        foreach (var vif in Domain.Devices(call.Database, vm, "VIFs", "VIF").ToList())
        {
            var copy = CopyDevice(call, vif, made);
            if (!keepMacs) copy.Put("MAC", call.Database.Ids.NextMac());
        }
    }

    private static SimObject CopyDevice(Call call, SimObject device, SimObject made)
    {
        var values = device.CopyValues();
        values[device.Class.Field("uuid").Index] = "";
        values[device.Class.Field("VM").Index] = made.Ref;
        values[device.Class.Field("currently_attached").Index] = Boxed.False;
        values[device.Class.Field("current_operations").Index] = StringMap.Empty;
        return call.Database.Create(device.Class, values);
    }

    /// <summary>Turns a template into a VM and makes the disks that its other_config describes.</summary>
    private static Step Provision(Call call)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, "provision");
        var disks = Disks(vm);
        call.Hold(vm, "provision");
        return call.Work(() =>
        {
            foreach (var disk in disks)
            {
                var sr = call.Database.FindByUuid("SR", (string?)disk.Attribute("sr") ?? "")
                    ?? call.Database.Find("SR", call.Pool.Record.Text("default_SR")) ?? throw new XapiFailure("DEFAULT_SR_NOT_FOUND", call.Pool.Record.Text("default_SR"));
                var vdi = VhdStore.Create(call.Pool, sr, SizeOf(disk), values =>
                {
                    values["name_label"] = "Created by template provisioner";
                    values["type"] = (string?)disk.Attribute("type") ?? "system";
                });
                call.Database.Create("VBD", ("VM", vm.Ref), ("VDI", vdi.Ref), ("userdevice", (string?)disk.Attribute("device") ?? "0"),
                    ("bootable", Boxed.Bool((string?)disk.Attribute("bootable") == "true")), ("mode", "RW"), ("type", "Disk"));
            }
            vm.Put("is_a_template", false);
            vm.Put("other_config", vm.Map("other_config").Without("disks"));
            AllowedOperations.RefreshVmAndDevices(call.Pool, vm);
            return null;
        });
    }

    private static long SizeOf(XElement disk) =>
        long.TryParse((string?)disk.Attribute("size"), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? size
            : throw XapiFailure.Internal($"other_config:disks has a disk without a size in bytes: {disk}");

    private static List<XElement> Disks(SimObject vm)
    {
        if (vm.Map("other_config")["disks"] is not { Length: > 0 } text) return [];
        try
        {
            return [.. XElement.Parse(text).Elements("disk")];
        }
        catch (XmlException error)
        {
            throw XapiFailure.Internal($"other_config:disks is not XML: {error.Message}");
        }
    }
}
