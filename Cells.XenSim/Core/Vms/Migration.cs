using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Vms;

/// <summary>VM.pool_migrate: a running VM goes to another member of its pool; its disks lie on repositories that both have plugged.</summary>
internal static class Migration
{
    private const int ProgressSteps = 5;

    public static void Register(MethodTable table) => table.Works("VM.pool_migrate", Migrate);

    private static Step Migrate(Call call)
    {
        var vm = call.Target("VM");
        var to = call.Target("host", 1);
        VmOperations.Check(call.Database, vm, "pool_migrate");
        BootPlace.Check(call.Pool, vm, to, withMemory: vm.Text("resident_on") != to.Ref);
        call.Forward(call.Database.Get("host", vm.Text("resident_on")));
        call.Forward(to);
        Reserve(call, vm, to);
        ShowProgress(call);
        return call.Work(() =>
        {
            VmOperations.CheckState(vm, "pool_migrate");
            Arrive(call.Pool, vm, to);
            return null;
        });
    }

    /// <summary>From here on the VM's memory counts at both ends.</summary>
    public static void Reserve(Call call, SimObject vm, SimObject to)
    {
        call.Hold(vm, "pool_migrate");
        call.Hold(to, "vm_migrate");
        vm.Put("scheduled_to_be_resident_on", to.Ref);
        call.OnAbort(() =>
        {
            if (!vm.Deleted) vm.Put("scheduled_to_be_resident_on", Refs.Null);
        });
    }

    /// <summary>Same record, a new domain on the other host; the old one is gone.</summary>
    public static void Arrive(SimPool pool, SimObject vm, SimObject to)
    {
        var machine = pool.HostOf(to) ?? throw XapiFailure.HandleInvalid("host", to.Ref);
        vm.Put("scheduled_to_be_resident_on", Refs.Null);
        if (vm.Text("power_state") != "Running") return;   // it ended on the way, and did not arrive
        vm.Put("domid", (long)machine.NextDomid());
        vm.Put("resident_on", to.Ref);
        foreach (var console in Domain.Devices(pool.Database, vm, "consoles", "console"))
            console.Put("location", $"https://{to.Text("address")}/console?uuid={console.Uuid}");
        if (pool.Database.Find("VM_metrics", vm.Text("metrics")) is { } metrics) metrics.Put("last_updated", XapiTime.Of(pool.Now));
        AllowedOperations.RefreshVmAndDevices(pool, vm);
    }

    private static void ShowProgress(Call call)
    {
        if (call.Latency <= TimeSpan.Zero) return;
        for (var step = 1; step < ProgressSteps; step++)
        {
            var part = (double)step / ProgressSteps;
            call.Pool.After(call.Latency * part, () =>
            {
                if (call is { Over: false, Task.Deleted: false }) call.Task.Put("progress", part);
            });
        }
    }
}
