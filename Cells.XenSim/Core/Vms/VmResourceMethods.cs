using System.Globalization;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Vms;

/// <summary>CPU and memory settings, and the questions about where a VM fits.</summary>
internal static class VmResourceMethods
{
    public static void Register(MethodTable table)
    {
        table.On("VM.compute_memory_overhead", call => Step.Of(VmMemory.OverheadBytes(call.Target("VM"))));
        table.On("VM.assert_can_boot_here", call =>
        {
            BootPlace.Check(call.Pool, call.Target("VM"), call.Target("host", 1));
            return Step.Void;
        });
        table.On("VM.get_possible_hosts", call => Step.Of(BootPlace.Possible(call.Pool, call.Target("VM")).Select(h => h.Ref).ToArray()));
        table.On("VM.get_allowed_VBD_devices", call => Step.Of(FreeDevices(call, "VBDs", "VBD", "userdevice", 255)));
        table.On("VM.get_allowed_VIF_devices", call => Step.Of(FreeDevices(call, "VIFs", "VIF", "device", 16)));
        table.On("VM.set_VCPUs_max", SetVcpusMax);
        table.On("VM.set_VCPUs_at_startup", SetVcpusAtStartup);
        table.On("VM.set_VCPUs_number_live", SetVcpusLive);
        table.On("VM.add_to_VCPUs_params_live", _ => throw new XapiFailure("NOT_IMPLEMENTED", "add_to_VCPUs_params_live"));
        table.On("VM.set_memory_limits", call => SetMemory(call, "changing_memory_limits", call.Int(1), call.Int(3), call.Int(4), call.Int(2)));
        table.On("VM.set_memory", call => SetMemory(call, "changing_memory_limits", Math.Min(call.Target("VM").Int("memory_static_min"), call.Int(1)), call.Int(1), call.Int(1), call.Int(1)));
        table.On("VM.set_memory_static_range", call =>
        {
            var vm = call.Target("VM");
            return SetMemory(call, "changing_static_range", call.Int(1), vm.Int("memory_dynamic_min"), vm.Int("memory_dynamic_max"), call.Int(2));
        });
        table.On("VM.set_memory_dynamic_range", SetDynamicRange);
    }

    private static string[] FreeDevices(Call call, string set, string className, string field, int count)
    {
        var used = Domain.Devices(call.Database, call.Target("VM"), set, className).Select(d => d.Text(field)).ToHashSet(StringComparer.Ordinal);
        return [.. Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture)).Where(d => !used.Contains(d))];
    }

    private static Step SetVcpusMax(Call call)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, "changing_VCPUs");
        if (call.Int(1) < 1 || call.Int(1) < vm.Int("VCPUs_at_startup"))
            throw XapiFailure.InvalidValue("VCPU values must satisfy: 0 < VCPUs_at_startup ≤ VCPUs_max", call.Int(1).ToString(CultureInfo.InvariantCulture));
        vm.Put("VCPUs_max", call.Int(1));
        vm.Put("memory_overhead", VmMemory.OverheadBytes(vm));
        return Step.Void;
    }

    private static Step SetVcpusAtStartup(Call call)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, "changing_VCPUs");
        if (call.Int(1) < 1 || call.Int(1) > vm.Int("VCPUs_max"))
            throw XapiFailure.InvalidValue("VCPU values must satisfy: 0 < VCPUs_at_startup ≤ VCPUs_max", call.Int(1).ToString(CultureInfo.InvariantCulture));
        vm.Put("VCPUs_at_startup", call.Int(1));
        return Step.Void;
    }

    private static Step SetVcpusLive(Call call)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, "changing_VCPUs_live");
        if (call.Int(1) < 1 || call.Int(1) > vm.Int("VCPUs_max"))
            throw XapiFailure.InvalidValue("VCPU values must satisfy: 0 < VCPUs_at_startup ≤ VCPUs_max", call.Int(1).ToString(CultureInfo.InvariantCulture));
        vm.Put("VCPUs_at_startup", call.Int(1));
        call.Database.Get("VM_metrics", vm.Text("metrics")).Put("VCPUs_number", call.Int(1));
        return Step.Void;
    }

    private static Step SetMemory(Call call, string operation, long staticMin, long dynamicMin, long dynamicMax, long staticMax)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, operation);
        VmMemory.CheckOrder(staticMin, dynamicMin, dynamicMax, staticMax);
        vm.Put("memory_static_min", staticMin);
        vm.Put("memory_dynamic_min", dynamicMin);
        vm.Put("memory_dynamic_max", dynamicMax);
        vm.Put("memory_static_max", staticMax);
        vm.Put("memory_overhead", VmMemory.OverheadBytes(vm));
        return Step.Void;
    }

    /// <summary>Allowed while running (ballooning): the host must have room for a higher minimum.</summary>
    private static Step SetDynamicRange(Call call)
    {
        var vm = call.Target("VM");
        VmOperations.Check(call.Database, vm, "changing_dynamic_range");
        VmMemory.CheckOrder(vm.Int("memory_static_min"), call.Int(1), call.Int(2), vm.Int("memory_static_max"));
        var more = call.Int(1) - vm.Int("memory_dynamic_min");
        if (more > 0 && call.Database.Find("host", vm.Text("resident_on")) is { } host && VmMemory.FreeBytes(call.Database, host) is var free && free < more)
            throw new XapiFailure("HOST_NOT_ENOUGH_FREE_MEMORY", more.ToString(CultureInfo.InvariantCulture), free.ToString(CultureInfo.InvariantCulture));
        vm.Put("memory_dynamic_min", call.Int(1));
        vm.Put("memory_dynamic_max", call.Int(2));
        return Step.Void;
    }
}
