using Cells.Chaos.Stepping;
using Cells.Chaos.Tree;
using Cells.Contracts;
using Cells.XenSim.Faults;

namespace Cells.Chaos.Faults;

/// <summary>The faults that strike by themselves, looked at each simulated second: cells die and come back, sessions end, toolstacks and hosts restart.</summary>
internal sealed class Strikes(ChaosWorld world, Random random)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly SortedDictionary<CellName, int> _atCommit = [];

    public void Begin() => Again();

    private void Again() => world.Stepper.AddAfter(Every, new Deed("strikes", () =>
    {
        if (!world.Faults.Active)
            return;
        Again();
        if (world.Faults.IsOn(FaultName.CrashRestart))
            DrawCrash();
        MayHit(FaultName.XapiSessionEnded, _ => new SimFault.EndSessions());
        MayHit(FaultName.ToolstackRestart, host => new SimFault.RestartToolstack(host.Name, TimeSpan.FromMilliseconds(random.Next(500, 8_000))));
        MayHit(FaultName.HostPowerLoss, host => new SimFault.PowerLoss(host.Name, TimeSpan.FromMilliseconds(random.Next(2_000, 15_000))));
        MayChangeCoordinator();
        MayHit(FaultName.MemberCut, world.Hypervisors.Pooled, host => new SimFault.CutNetwork(host.Name, TimeSpan.FromMilliseconds(random.Next(2_000, 15_000))));
        MayDeafen();
    }));

    private void DrawCrash()
    {
        if (!world.Faults.Draws(FaultName.CrashRestart))
            return;
        var cell = world.Cells.ElementAt(random.Next(world.Cells.Count));
        // Not at the full second, when little is under way: some steps on, or right after one of the cell's next commits.
        if (random.Next(2) == 0)
            world.Stepper.AfterSteps(random.Next(1, 1_000), () => _ = MayCrash(cell));
        else
            _atCommit[cell.Name] = random.Next(1, 20);
    }

    /// <summary>Asked after each commit of the cell: whether it dies now, before anybody hears of it.</summary>
    public bool MayDieAtCommit(CellNode cell)
    {
        if (!_atCommit.TryGetValue(cell.Name, out var left))
            return false;
        if (--left > 0)
        {
            _atCommit[cell.Name] = left;
            return false;
        }
        _atCommit.Remove(cell.Name);
        return MayCrash(cell);
    }

    private bool MayCrash(CellNode cell)
    {
        if (!cell.Runs || !world.Faults.Active || !world.Clients.InFlight)
            return false;
        world.Faults.Count(FaultName.CrashRestart);
        world.Log.Add(world.Stepper.Time.Elapsed, cell.Name.Value, "crash");
        cell.Crash();
        world.Clients.CellDied(cell);
        world.Stepper.AddAfter(TimeSpan.FromMilliseconds(random.Next(50, 6_000)), new Deed($"start {cell.Name}", () =>
        {
            if (!cell.Runs)                                // healing may have been quicker
                cell.Start();
        }));
        return true;
    }

    /// <summary>A guest does nothing any more when it is asked to shut down or reboot.</summary>
    private void MayDeafen()
    {
        if (!world.Faults.IsOn(FaultName.GuestIgnores))
            return;
        var guests = world.Hypervisors.Hosts.SelectMany(host => host.Account.Domains.Select(domain => (host, domain.VmUuid))).ToList();
        if (guests.Count == 0 || !world.Faults.Fires(FaultName.GuestIgnores))
            return;
        var (at, guest) = guests[random.Next(guests.Count)];
        world.Hypervisors.Inject(at, new SimFault.GuestIgnores(guest));
    }

    /// <summary>Planned, or after the coordinator was lost: then somebody takes its place by hand, and it comes back as a member.</summary>
    private void MayChangeCoordinator()
    {
        var next = world.Hypervisors.Pooled.Where(host => host.Answers && !host.IsCoordinator).ToList();
        if (next.Count == 0 || !world.Faults.Fires(FaultName.CoordinatorChange))
            return;
        var host = next[random.Next(next.Count)];
        var former = world.Hypervisors.Pooled.First(h => h.Core == host.Core && h.IsCoordinator);
        if (random.Next(2) == 0)
            world.Disturb(former, new SimFault.PowerLoss(former.Name, TimeSpan.FromMilliseconds(random.Next(5_000, 30_000))));
        world.Hypervisors.Inject(host, new SimFault.ChangeCoordinator(host.Name));
    }

    private void MayHit(FaultName name, Func<SteppedHost, SimFault> fault) => MayHit(name, world.Hypervisors.Hosts, fault);

    private void MayHit(FaultName name, IReadOnlyList<SteppedHost> hosts, Func<SteppedHost, SimFault> fault)
    {
        if (hosts.Count == 0 || !world.Faults.Fires(name))
            return;
        var host = hosts[random.Next(hosts.Count)];
        var struck = fault(host);
        if (struck is SimFault.PowerLoss)
            world.Disturb(host, struck);
        else
            world.Hypervisors.Inject(host, struck);
    }
}
