using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Vms;

namespace Cells.XenSim.Core.Hosts;

internal static class HostMethods
{
    public static void Register(MethodTable table)
    {
        table.On("host.compute_free_memory", call => Step.Of(VmMemory.FreeBytes(call.Database, call.Target("host"))));
        table.On("host.compute_memory_overhead", call => Step.Of(call.Target("host").Int("memory_overhead")));
        table.On("host.disable", call => SetEnabled(call, false));
        table.On("host.enable", call => SetEnabled(call, true));
        table.On("host.declare_dead", DeclareDead);
        table.Works("host.evacuate", Evacuation.Run);
        table.On("host.assert_can_evacuate", Evacuation.Assert);
        table.On("host.get_vms_which_prevent_evacuation", call => Step.Of(new Evacuation.Obstacles(Evacuation.Plan(call.Pool, call.Target("host")).Failures)));
        table.On("host.get_servertime", call => Step.Of(XapiTime.Of(call.Now)));
        table.On("host.get_server_localtime", call => Step.Of(XapiTime.Of(call.Now)));
        table.On("host.list_methods", _ => Step.Of(MethodTable.Instance.ServedNames));
        table.On("host.get_management_interface", call => Step.Of(ManagementPif(call)));
        table.On("host.call_plugin", call =>
        {
            var host = call.Target("host");
            call.Forward(host);
            return Step.Of(Plugins.Call(call.Pool, host, call.Text(1), call.Text(2), call.Map(3)));
        });
    }

    public static string[] Allowed(SimObject host) => host.Flag("enabled")
        ? ["provision", "evacuate", "vm_start", "vm_resume", "vm_migrate"]
        : ["provision", "evacuate", "shutdown", "reboot", "enable"];

    // Both are idempotent; VMs that run stay.
    private static Step SetEnabled(Call call, bool enabled)
    {
        var host = call.Target("host");
        call.Forward(host);
        host.Put("enabled", enabled);
        AllowedOperations.Refresh(call.Pool, host);
        return Step.Void;
    }

    /// <summary>The administrator's word that the machine is off: its VMs may run elsewhere. Refused while it is heard.</summary>
    private static Step DeclareDead(Call call)
    {
        var host = call.Target("host");
        if (call.Pool.HostOf(host) is not { Answers: false } machine) throw new XapiFailure("HOST_IS_LIVE", host.Ref);
        call.Pool.Members.EndDomains(machine);
        call.Database.Get("host_metrics", host.Text("metrics")).Put("live", false);
        return Step.Void;
    }

    private static string ManagementPif(Call call) =>
        call.Target("host").Set("PIFs").Select(p => call.Database.Find("PIF", p)).First(p => p is not null && p.Flag("management"))!.Ref;
}
