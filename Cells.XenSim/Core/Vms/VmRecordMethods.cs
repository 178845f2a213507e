using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Vms;

/// <summary>Making, removing and editing VM records.</summary>
internal static class VmRecordMethods
{
    public static void Register(MethodTable table)
    {
        table.On("VM.create", Create);
        table.On("VM.destroy", Destroy);
        table.On("VM.update_allowed_operations", call =>
        {
            AllowedOperations.Refresh(call.Pool, call.Target("VM"));
            return Step.Void;
        });
        table.On("VM.assert_operation_valid", call =>
        {
            VmOperations.Check(call.Database, call.Target("VM"), call.Text(1));
            return Step.Void;
        });
        table.PlainSetters("VM", "other_config", "platform", "actions_after_crash", "order", "start_delay", "shutdown_delay",
            "suspend_VDI", "has_vendor_device", "NVRAM", "bios_strings", "ha_restart_priority", "ha_always_run", "appliance");
        Maps(table, "other_config", "platform", "NVRAM");
        table.On("VM.set_blocked_operations", Then(call => call.Target("VM").Put("blocked_operations", call.Map(1))));
        table.On("VM.add_to_blocked_operations", Then(call => GeneratedMethods.AddTo(call, "VM", PublishedModel.Class("VM").Field("blocked_operations"))));
        table.On("VM.remove_from_blocked_operations", Then(call => GeneratedMethods.RemoveFrom(call, "VM", PublishedModel.Class("VM").Field("blocked_operations"))));
        table.On("VM.set_is_a_template", SetIsATemplate);
    }

    private static void Maps(MethodTable table, params string[] fields)
    {
        foreach (var field in fields.Select(PublishedModel.Class("VM").Field))
        {
            table.On($"VM.add_to_{field.Name}", call => GeneratedMethods.AddTo(call, "VM", field));
            table.On($"VM.remove_from_{field.Name}", call => GeneratedMethods.RemoveFrom(call, "VM", field));
        }
    }

    // blocked_operations decide what is allowed.
    private static Handler Then(Action<Call> change) => call =>
    {
        change(call);
        AllowedOperations.Refresh(call.Pool, call.Target("VM"));
        return Step.Void;
    };

    private static Step Create(Call call)
    {
        var values = call.Record(0).ToValues();
        var definition = PublishedModel.Class("VM");
        string Text(string field) => (string)values[definition.Field(field).Index]!;
        void Put(string field, object value) => values[definition.Field(field).Index] = value;

        var suspended = Text("power_state") == "Suspended";
        Put("power_state", suspended ? "Suspended" : "Halted");
        Put("domid", Boxed.Int(-1));
        if (Text("domain_type") == "unspecified") Put("domain_type", Text("HVM_boot_policy").Length > 0 ? "hvm" : "pv");
        if (Refs.IsNull(Text("affinity"))) Put("affinity", Refs.Null);
        var metrics = call.Database.Create("VM_metrics", ("install_time", XapiTime.Of(call.Now)), ("last_updated", XapiTime.Of(call.Now)),
            ("start_time", XapiTime.Never));
        Put("metrics", metrics.Ref);

        // Every VM gets a seed for the MAC addresses that its VIFs leave to the host.
        var otherConfig = (StringMap)values[definition.Field("other_config").Index]!;
        if (!otherConfig.Has("mac_seed")) Put("other_config", otherConfig.With("mac_seed", call.Database.Ids.NextUuid()));
        var vm = call.Database.Create(definition, values);
        vm.Put("memory_overhead", VmMemory.OverheadBytes(vm));
        AllowedOperations.Refresh(call.Pool, vm);
        return Step.Of(vm.Ref);
    }

    /// <summary>Removes the VM with its devices and metrics, never its disks.</summary>
    private static Step Destroy(Call call)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, "destroy");
        var disks = Domain.Devices(call.Database, vm, "VBDs", "VBD").Select(v => v.Text("VDI")).ToList();
        foreach (var (set, className) in new[] { ("VBDs", "VBD"), ("VIFs", "VIF"), ("consoles", "console") })
            foreach (var reference in vm.Set(set)) Domain.Forget(call.Database, className, reference);
        Domain.Forget(call.Database, "VM_metrics", vm.Text("metrics"));
        Domain.Forget(call.Database, "VM_guest_metrics", vm.Text("guest_metrics"));

        // Snapshots stay; their chain is linked past the VM that goes.
        foreach (var child in vm.Set("children"))
            if (call.Database.Find("VM", child) is { } snapshot) snapshot.Put("parent", vm.Text("parent"));
        call.Database.Delete(vm);
        foreach (var disk in disks)
            if (call.Database.Find("VDI", disk) is { } vdi) AllowedOperations.Refresh(call.Pool, vdi);
        return Step.Void;
    }

    private static Step SetIsATemplate(Call call)
    {
        var vm = call.Target("VM");
        if (call.Flag(1)) VmOperations.Check(call.Database, vm, "make_into_template");
        if (vm.Flag("is_default_template") && !call.Flag(1)) throw new XapiFailure("VM_CANNOT_DELETE_DEFAULT_TEMPLATE", vm.Ref);
        vm.Put("is_a_template", call.Flag(1));
        AllowedOperations.Refresh(call.Pool, vm);
        return Step.Void;
    }
}
