using Cells.XenSim.Core;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Hosts;
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
                pool.DeafGuests.Clear();
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
            case SimFault.PowerOn on:
                PowerOn(pool, pool.Host(on.Host));
                break;
            case SimFault.CutNetwork cut:
                CutNetwork(pool, pool.Host(cut.Host), cut.CutFor);
                break;
            case SimFault.ChangeCoordinator change:
                ChangeCoordinator(pool, pool.Host(change.Host));
                break;
            case SimFault.JoinHost join:
                JoinHost(pool, join.Host);
                break;
            case SimFault.MoveVm move:
                MoveVm(pool, move);
                break;
            case SimFault.GuestEnds end:
                EndGuest(pool, end);
                break;
            case SimFault.GuestIgnores deaf:
                pool.DeafGuests.Add(Known(pool, "VM", deaf.VmUuid).Ref);
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
        pool.Members.RestartToolstack(host, downtime, () => pool.Chance.Next(2) == 0);
    }

    private static void LosePower(SimPool pool, SimHost host, TimeSpan offFor)
    {
        if (!host.Powered) return;
        pool.Members.Silence(host, () => false);
        pool.Members.SwitchPower(host, on: false);
        pool.After(offFor, () => PowerOn(pool, host));
    }

    private static void PowerOn(SimPool pool, SimHost host)
    {
        if (!host.Powered && pool.Hosts.Contains(host)) pool.Members.Boot(host);
    }

    /// <summary>Its domains go on, its toolstack too, but nobody hears them: what was under way there is done.</summary>
    private static void CutNetwork(SimPool pool, SimHost host, TimeSpan cutFor)
    {
        if (!host.Answers) return;
        pool.Members.Cut(host);
        var silence = host.Silences;
        pool.After(cutFor, () =>
        {
            if (host.Powered && host.Silences == silence) pool.Members.Hear(host);
        });
    }

    /// <summary>An administrator's hand: planned while the coordinator is heard, else at the member itself, whereupon it recovers the others.</summary>
    private static void ChangeCoordinator(SimPool pool, SimHost next)
    {
        if (!next.Answers) throw new ArgumentException($"host '{next.Name}' does not answer: it cannot become the coordinator");
        pool.Members.Administered = true;
        pool.Members.ChangeCoordinator(next, pool.Hosts.Where(h => h.Answers));
    }

    private static void JoinHost(SimPool pool, string name)
    {
        var shape = pool.Shape.Hosts.FirstOrDefault(h => h.Name == name) ?? throw new ArgumentException($"no machine named '{name}' belongs to this pool's shape");
        if (pool.Find(name) is not null) throw new ArgumentException($"host '{name}' is a member of its pool already");
        pool.Add(new SimHost(shape, Installation.Join(pool, shape)) { Follows = pool.Coordinator });
    }

    /// <summary>Somebody else moves a VM inside of the pool, if VM.pool_migrate would let them.</summary>
    private static void MoveVm(SimPool pool, SimFault.MoveVm move)
    {
        var vm = Known(pool, "VM", move.VmUuid);
        if (vm.Text("power_state") != "Running") throw new ArgumentException($"VM {move.VmUuid} is {vm.Text("power_state")}: only a running one can be moved");
        var to = pool.Host(move.Host);
        try
        {
            BootPlace.Check(pool, vm, to.Record);
        }
        catch (XapiFailure refused)
        {
            throw new ArgumentException($"VM {move.VmUuid} cannot move to {move.Host}: {refused.Message}", refused);
        }
        Migration.Arrive(pool, vm, to.Record);
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
}
