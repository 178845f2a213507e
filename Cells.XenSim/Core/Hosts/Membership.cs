using System.Globalization;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Vms;

namespace Cells.XenSim.Core.Hosts;

/// <summary>
/// Who coordinates, who follows whom, who is heard: a pool's members as machines. One database holds whatever happens, so two coordinators at once,
/// each with its own copy, are not simulated.
/// </summary>
internal sealed class Membership(SimPool pool)
{
    private DateTimeOffset? _coordinatorSilentSince;

    /// <summary>Somebody sees to it that members which come back follow the coordinator (pool.recover_slaves).</summary>
    public bool Administered { get; set; }

    /// <summary>Machines switched off or on so far: the journal keeps which are off.</summary>
    public long PowerChanges { get; private set; }

    /// <summary>
    /// The member knows no coordinator that it could name: it follows one that is not, or lost its own and restarted since. It then raises its
    /// emergency error for every call outside of a short list.
    /// </summary>
    public bool IsInEmergency(SimHost host) => host != pool.Coordinator
        && (host.Follows != pool.Coordinator
            || (!pool.Coordinator.Answers && (host.StartedAlone || pool.Now - _coordinatorSilentSince >= pool.Options.EmergencyAfter)));

    /// <summary>The host's toolstack is not heard any more. What was under way there is over: its effect happened, or did not.</summary>
    public void Silence(SimHost host, Func<bool> effectStillHappens)
    {
        if (host == pool.Coordinator)
        {
            EndCalls(effectStillHappens);
            _coordinatorSilentSince = pool.Now;
        }
        else
        {
            pool.Calls.LoseHost(host, effectStillHappens);
        }
        host.LocalSessions.Clear();
        GoSilent(host);
    }

    /// <summary>Nobody reaches the host, and it nobody. Its toolstack goes on with what it has; what it does for others, or others for it, they do not learn.</summary>
    public void Cut(SimHost host)
    {
        if (host == pool.Coordinator)
        {
            foreach (var member in pool.Hosts.Where(h => h != host)) pool.Calls.LoseHost(member, () => true);
            pool.Events.Clear();
            pool.Calls.BreakConnections();
            pool.Imports.Abandon(new XapiFailure("VDI_IO_ERROR", "Device I/O errors"));
            pool.Exports.Abandon(new XapiFailure("VDI_IO_ERROR", "Device I/O errors"));
            _coordinatorSilentSince = pool.Now;
        }
        else
        {
            pool.Calls.LoseHost(host, () => true);
        }
        GoSilent(host);
    }

    private void GoSilent(SimHost host)
    {
        host.Answers = false;
        var silence = ++host.Silences;
        pool.After(pool.Options.HostAssumedDeadAfter, () =>
        {
            if (!host.Answers && host.Silences == silence) Live(host, false);
        });
    }

    /// <summary>The host is heard again. A former coordinator finds another one and becomes its member.</summary>
    public void Hear(SimHost host)
    {
        if (host.Follows == host) host.Follows = pool.Coordinator;
        host.Answers = true;
        if (Administered) Recover();
        Live(host, true);
        if (host == pool.Coordinator) _coordinatorSilentSince = null;
        foreach (var member in pool.Hosts.Where(_ => pool.Coordinator.Answers)) member.StartedAlone = false;
    }

    /// <summary>The host's toolstack comes up.</summary>
    public void Start(SimHost host)
    {
        if (host == pool.Coordinator) pool.Tasks.CancelAllPending();
        host.StartedAlone = !pool.Coordinator.Answers && host != pool.Coordinator;
        host.Record.Put("other_config", host.Record.Map("other_config").With("agent_start_time", UnixSeconds()));
        Hear(host);
    }

    /// <summary>The machine boots: whatever ran on it does not.</summary>
    public void Boot(SimHost host)
    {
        SwitchPower(host, on: true);
        host.LastDomid = 0;
        EndDomains(host);
        host.Record.Put("other_config", host.Record.Map("other_config").With("boot_time", UnixSeconds()));
        Start(host);
    }

    public void SwitchPower(SimHost host, bool on)
    {
        host.Powered = on;
        PowerChanges++;
    }

    /// <summary>The records of VMs whose host is known to be dead.</summary>
    public void EndDomains(SimHost host)
    {
        foreach (var vm in pool.Database.All("VM").Where(v => v.Text("resident_on") == host.Record.Ref && !v.Flag("is_control_domain")).ToList())
            Domain.Gone(pool, vm, "Halted");
    }

    /// <summary>
    /// Another member takes the database over. All sessions end with the former coordinator's toolstack, and so does every call; both toolstacks
    /// restart. The others go on following whom they follow unless they are told.
    /// </summary>
    /// <param name="told">Members that learn of it.</param>
    public void ChangeCoordinator(SimHost next, IEnumerable<SimHost> told)
    {
        var former = pool.Coordinator;
        if (next == former) return;
        EndCalls(() => pool.Chance.Next(2) == 0);
        pool.Sessions.CloseAll();
        pool.Tasks.CancelAllPending();
        pool.Record.Put("master", next.Record.Ref);
        foreach (var host in told.Append(next)) host.Follows = next;
        if (former.Answers) former.Follows = next;
        _coordinatorSilentSince = null;
        foreach (var host in new[] { next, former }.Where(h => h.Answers)) RestartToolstack(host, pool.Options.CoordinatorChangeTakes, () => true);
    }

    public void RestartToolstack(SimHost host, TimeSpan downtime, Func<bool> effectStillHappens)
    {
        Silence(host, effectStillHappens);
        var silence = host.Silences;
        pool.After(downtime, () =>
        {
            if (host.Powered && host.Silences == silence) Start(host);
        });
    }

    /// <summary>Points members that follow somebody else at the coordinator.</summary>
    /// <returns>Those that were found.</returns>
    public IReadOnlyList<SimHost> Recover()
    {
        var found = pool.Hosts.Where(h => h.Answers && h != pool.Coordinator && h.Follows != pool.Coordinator).ToList();
        foreach (var host in found) host.Follows = pool.Coordinator;
        return found;
    }

    /// <summary>The machine's records go, and it with them: it is installed anew and no member any more.</summary>
    public void Remove(SimHost host)
    {
        var database = pool.Database;
        foreach (var pbd in host.Record.Set("PBDs").Select(p => database.Find("PBD", p)).OfType<SimObject>().ToList())
        {
            var sr = database.Find("SR", pbd.Text("SR"));
            database.Delete(pbd);
            if (sr is { } own && !own.Flag("shared")) RemoveRepository(own);
        }
        foreach (var pif in host.Record.Set("PIFs"))
        {
            if (database.Find("PIF", pif) is { } card) Domain.Forget(database, "PIF_metrics", card.Text("metrics"));
            Domain.Forget(database, "PIF", pif);
        }
        foreach (var cpu in host.Record.Set("host_CPUs")) Domain.Forget(database, "host_cpu", cpu);
        if (database.Find("VM", host.Record.Text("control_domain")) is { } domain)
        {
            Domain.Forget(database, "VM_metrics", domain.Text("metrics"));
            database.Delete(domain);
        }
        Domain.Forget(database, "host_metrics", host.Record.Text("metrics"));
        pool.Calls.LoseHost(host, () => false);
        database.Delete(host.Record);
        pool.Remove(host);
    }

    private void RemoveRepository(SimObject sr)
    {
        foreach (var vdi in sr.Set("VDIs").Select(v => pool.Database.Find("VDI", v)).OfType<SimObject>().ToList())
        {
            foreach (var vbd in vdi.Set("VBDs")) Domain.Forget(pool.Database, "VBD", vbd);
            pool.Database.Delete(vdi);
        }
        pool.Database.Delete(sr);
    }

    private void EndCalls(Func<bool> effectStillHappens)
    {
        pool.Events.Clear();
        pool.Calls.Abandon(effectStillHappens);
        pool.Imports.Abandon();
        pool.Exports.Abandon();
    }

    private void Live(SimHost host, bool live)
    {
        if (pool.Database.Find("host_metrics", host.Record.Text("metrics")) is not { } metrics || metrics.Flag("live") == live) return;
        metrics.Put("live", live);
        metrics.Put("last_updated", XapiTime.Of(pool.Now));
    }

    private string UnixSeconds() => pool.Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + ".";
}
