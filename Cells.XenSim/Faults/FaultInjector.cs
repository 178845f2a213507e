using System.Globalization;
using Cells.XenSim.Core;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Vms;

namespace Cells.XenSim.Faults;

/// <summary>Carries out what a <see cref="SimFault"/> describes.</summary>
internal static class FaultInjector
{
    public static void Apply(SimPool pool, SimFault fault)
    {
        switch (fault)
        {
            case SimFault.OnCall rule:
                if (rule.Nth < 1 || rule.Count < 1) throw new ArgumentException($"Nth and Count begin at 1; got {rule.Nth} and {rule.Count}");
                pool.Faults.Add(new FaultRule(rule.Method, rule.Kind, rule.Host, rule.Nth, rule.Count, rule.Code, [.. rule.Parameters ?? []]));
                break;
            case SimFault.ClearAll:
                pool.Faults.Clear();
                pool.FullSrs.Clear();
                break;
            case SimFault.SetLatency latency:
                pool.Latency = latency.Profile;
                break;
            case SimFault.RestartToolstack restart:
                RestartToolstack(pool, pool.Host(restart.Host), restart.Downtime);
                break;
            case SimFault.PowerLoss loss:
                LosePower(pool, pool.Host(loss.Host), loss.OffFor);
                break;
            case SimFault.GuestEnds end:
                EndGuest(pool, end);
                break;
            case SimFault.FillStorage fill:
                pool.FullSrs.Add(fill.SrUuid is null ? pool.Record.Text("default_SR") : Known(pool, "SR", fill.SrUuid).Ref);
                break;
            case SimFault.EndSessions { SessionRef: null }:
                pool.Sessions.CloseAll();
                break;
            case SimFault.EndSessions { SessionRef: { } reference }:
                if (pool.Database.Find("session", reference) is { } session) pool.Sessions.Close(session);
                break;
            case SimFault.ForeignVm foreign:
                StartForeignVm(pool, foreign);
                break;
            default:
                throw new ArgumentException($"unknown fault {fault.GetType().Name}", nameof(fault));
        }
    }

    private static void RestartToolstack(SimPool pool, SimHost host, TimeSpan downtime)
    {
        if (!host.Powered) return;   // nothing runs that could restart
        EndToolstack(pool, () => pool.Chance.Next(2) == 0);
        host.Answers = false;
        pool.After(downtime, () =>
        {
            if (host.Powered) StartToolstack(pool, host);
        });
    }

    private static void LosePower(SimPool pool, SimHost host, TimeSpan offFor)
    {
        if (!host.Powered) return;
        EndToolstack(pool, () => false);
        (host.Powered, host.Answers) = (false, false);

        // The records change when the host boots, but nobody can look before that; done now, accounting and journal tell the truth at once.
        foreach (var vm in pool.Database.All("VM").Where(v => v.Text("resident_on") == host.Record.Ref && !v.Flag("is_control_domain")).ToList())
            Domain.Gone(pool, vm, "Halted");
        pool.After(offFor, () => Boot(pool, host));
    }

    private static void EndToolstack(SimPool pool, Func<bool> effectStillHappens)
    {
        pool.Events.Clear();
        pool.Calls.Abandon(effectStillHappens);
        pool.Imports.Abandon();
    }

    private static void StartToolstack(SimPool pool, SimHost host)
    {
        pool.Tasks.CancelAllPending();
        host.Record.Put("other_config", host.Record.Map("other_config").With("agent_start_time", UnixSeconds(pool)));
        host.Answers = true;
    }

    private static void Boot(SimPool pool, SimHost host)
    {
        host.Powered = true;
        host.LastDomid = 0;
        host.Record.Put("other_config", host.Record.Map("other_config").With("boot_time", UnixSeconds(pool)));
        StartToolstack(pool, host);
    }

    private static void EndGuest(SimPool pool, SimFault.GuestEnds end)
    {
        var vm = Known(pool, "VM", end.VmUuid);
        if (vm.Text("power_state") != "Running")
            throw new ArgumentException($"VM {end.VmUuid} is {vm.Text("power_state")}: only a running guest can end by itself");
        Domain.GuestEnded(pool, vm, vm.Text(end.How switch
        {
            GuestEnd.Reboot => "actions_after_reboot",
            GuestEnd.Crash => "actions_after_crash",
            _ => "actions_after_shutdown",
        }));
    }

    private static void StartForeignVm(SimPool pool, SimFault.ForeignVm foreign)
    {
        var database = pool.Database;
        var metrics = database.Create("VM_metrics", ("install_time", XapiTime.Of(pool.Now)), ("start_time", XapiTime.Never), ("last_updated", XapiTime.Of(pool.Now)));
        var vm = database.Create("VM", ("name_label", foreign.Name), ("domid", -1L), ("metrics", metrics.Ref), ("domain_type", "hvm"), ("HVM_boot_policy", "BIOS order"),
            ("memory_static_max", foreign.MemoryBytes), ("memory_dynamic_max", foreign.MemoryBytes), ("memory_dynamic_min", foreign.MemoryBytes),
            ("VCPUs_max", (long)foreign.Vcpus), ("VCPUs_at_startup", (long)foreign.Vcpus),
            ("other_config", StringMap.Of(("mac_seed", database.Ids.NextUuid()))));
        vm.Put("memory_overhead", VmMemory.OverheadBytes(vm));
        Domain.Build(pool, vm, pool.Host(foreign.Host).Record, paused: false);
    }

    private static SimObject Known(SimPool pool, string className, string uuid) => pool.Database.FindByUuid(className, uuid)
        ?? throw new ArgumentException($"no {className} with uuid {uuid} in this pool");

    private static string UnixSeconds(SimPool pool) => pool.Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + ".";
}
