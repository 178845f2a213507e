using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Cells.Scheduler;

namespace Cells.Compute.Placement;

/// <summary>
/// Hosts that an operator empties for service. The word is durable, and what is left to do is read from the rows at each look: nothing is forgotten by a crash.
/// What can leave leaves, a few at a time, by the workflow of a live migration that nobody above has asked for; what is off changes its host by claim alone. Last the
/// hypervisor itself is told to take nothing new.
/// </summary>
internal sealed partial class PlacerActor
{
    private const int TicksBetweenLooks = 2;

    // What could not leave is tried again after so many: by then room may have come, or its state may be another.
    private const int TicksBeforeAgain = 10;

    private const int MostNamed = 20;

    private readonly SortedDictionary<Guid, HostDrain> _drains = [];
    private readonly SortedSet<Guid> _drainsUnwritten = [];      // whose row is on its way to the database
    private readonly Dictionary<InstanceId, (int Tick, string Why)> _couldNotLeave = [];

    private void LookAtDrains()
    {
        if (_ticks % TicksBetweenLooks != 0)
            return;
        if (_drains.Count == 0)
            _couldNotLeave.Clear();
        foreach (var host in _inventory.Hosts.ToList())
        {
            if (_inventory.SettingOf(host.Id) is { Draining: true })
                Drain(host);
            else if (_drains.TryGetValue(host.Id.Value, out var former))
                EndDrain(host, former);
        }
    }

    private void Drain(HostRecord host)
    {
        var there = _entries.Values.Where(e => e.Row is { Released: false, Place: { } place } && place.Host == host.Id).OrderBy(e => e.Id.Value).ToList();
        // What is under way already counts first, wherever it stands in the order.
        var (moving, stuck) = (there.Count(e => e.Row!.Work is { Workflow: WorkflowKind.LiveMigrate }), new List<StuckInstance>());
        foreach (var entry in there)
        {
            var row = entry.Row!;
            var (way, why) = LeaveHost.Of(row, _inventory.Find(row.Place!.Sr) is { Shared: true });
            if (way == WayOut.Leaving)
                continue;
            if (why is not null)
                stuck.Add(new StuckInstance(row.Id, why));
            else if (way is not null && _couldNotLeave.TryGetValue(row.Id, out var before) && _ticks - before.Tick < TicksBeforeAgain)
                stuck.Add(new StuckInstance(row.Id, before.Why));
            else if (way is not null && !entry.Busy && !_rebuilding && moving < _setup.Options.DrainAtATime && _pools.GetValueOrDefault(host.Pool.Value) is { IsReady: true } pool)
                moving += (way == WayOut.Live ? BeginToLeave(entry, row) : LeaveByClaim(entry, row, pool.Owner)) ? 1 : 0;
        }
        // A claim there, or a disk on storage that it alone sees, is not nothing.
        var held = _entries.Values.Where(e => e.Row is { Released: false, Place: { } place } && place.Host != host.Id).OrderBy(e => e.Id.Value)
            .Select(e => (e.Id, Why: LeaveHost.HeldBySecond(e.Row!, host.Id))).Where(e => e.Why is not null).ToList();
        stuck.AddRange(held.Select(e => new StuckInstance(e.Id, e.Why!)));
        var left = there.Count + held.Count;
        var tookOff = _drains.GetValueOrDefault(host.Id.Value) is { TookOff: true };
        if (left == 0 && host is { Enabled: true, Status: "up" } && _attached.TryGetValue(host.Id.Value, out var attached))
        {
            // Durable before it is done: an end of the drain must know that it is ours to be undone.
            if (tookOff && !_drainsUnwritten.Contains(host.Id.Value))
                attached.Actor.Tell(new TakeNewVms(false), Self);
            tookOff = true;
        }
        ShowDrainOf(host, new HostDrain(left, moving, [.. stuck.Take(MostNamed)], tookOff));
    }

    /// <summary>The host is in use again: what the cell itself took off it gives back, and is done once the hypervisor shows it.</summary>
    private void EndDrain(HostRecord host, HostDrain former)
    {
        if (former.TookOff && !host.Enabled)
        {
            if (_attached.TryGetValue(host.Id.Value, out var attached))
                attached.Actor.Tell(new TakeNewVms(true), Self);
            return;
        }
        ShowDrainOf(host, null);
    }

    private void ShowDrainOf(HostRecord host, HostDrain? drain)
    {
        var known = _drains.GetValueOrDefault(host.Id.Value);
        if (known is not null && drain is not null && known with { Stuck = drain.Stuck } == drain && known.Stuck.SequenceEqual(drain.Stuck))
            return;
        if (drain is null)
            _drains.Remove(host.Id.Value);
        else
            _drains[host.Id.Value] = drain;
        _drainsUnwritten.Add(host.Id.Value);
        Show(new ShowDrain(host.Id, drain, Now), outcome =>
        {
            if (ReferenceEquals(_drains.GetValueOrDefault(host.Id.Value), drain))
                _drainsUnwritten.Remove(host.Id.Value);           // else a later one is on its way yet
            if (outcome is CommitOutcome.Committed)
                return;
            // Said again at the next look, also where it is nothing new.
            if (known is null)
                _drains.Remove(host.Id.Value);
            else
                _drains[host.Id.Value] = known;
        });
    }

    /// <summary>Chosen before it is begun: what no host takes does not turn to MIGRATING for the time of a question. The workflow chooses for itself, by what is so then.</summary>
    /// <returns>False when no host takes it now: why is noted.</returns>
    private bool BeginToLeave(Entry entry, Instance row)
    {
        if (ChooseToLeave(row, out _) is null)
            return false;
        var work = new Work(WorkflowKind.LiveMigrate, 0, Undoing: false, Interrupted: null);
        var next = row.Changed(Now) with { Work = work, TaskState = Steps.At(work).Shows, DeadlineAt = Now + Deadlines.For(work.Workflow) };
        Commit(
            entry,
            new Change(new MoveInstance(row, next, null)),
            movesClaims: false,
            committed: () =>
            {
                Put(entry, next);
                Perform(next, maybeDone: false);
            },
            missed: () => Reread(entry, () => { }),
            unavailable: () => { });                              // the next look sees it again
        return true;
    }

    private bool LeaveByClaim(Entry entry, Instance row, PoolOwner owner)
    {
        if (ChooseToLeave(row, out var request) is not { } record)
            return false;
        MoveHome(entry, row, row.Place! with { Host = record.Id, HostName = record.Name }, request, owner);
        return true;
    }

    /// <summary>Another member that sees its disk; null when none takes it, and then why is noted.</summary>
    private HostRecord? ChooseToLeave(Instance row, out PlacementRequest request)
    {
        var (place, command) = (row.Place!, row.Command!);
        request = ClaimOf.RequestOf(command, []) with
        {
            DiskBytes = 0,                                        // its disk stays where it is
            Group = _groups.RuleFor(command),
            Move = new MoveRule(place.Pool, place.Host, place.Sr, null),
        };
        var decision = ChooseHost.Decide(_setup.Cell, _inventory.Index, request, _setup.Policy);
        if (decision.Host is { } host && _inventory.Find(host.Id) is { } record)
            return record;
        _couldNotLeave[row.Id] = (_ticks, NoRoom(decision.Why));
        return null;
    }

    /// <summary>A move that the cell itself had begun has come to nothing: the drain says why, and tries again later.</summary>
    private void NoteUnlessAsked(Instance row, string? reason)
    {
        if (row is { Actions.Current: null, Work.Workflow: WorkflowKind.LiveMigrate } && reason is not null)
            _couldNotLeave[row.Id] = (_ticks, reason);
    }
}
