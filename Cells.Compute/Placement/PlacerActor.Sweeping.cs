using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Reconciling;
using Cells.Compute.Showing;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Compute.Placement;

/// <summary>Both ways between rows and pools: leftovers are destroyed by right of a durable row, what nobody knows is listed; old tombstones go.</summary>
internal sealed partial class PlacerActor
{
    private readonly SortedSet<Guid> _doomed = [];               // leftovers seen at the last sweep: acted on when seen twice
    private readonly List<DriftItem> _drift = [];

    private void OnSweep()
    {
        _drift.Clear();
        var seen = new SortedSet<Guid>();
        foreach (var pool in _pools.Values.Where(p => p.IsReady))
        {
            foreach (var vm in pool.Vms.Values)
                Judge(pool, JudgeObject.Vm(RowOf(vm.Stamp.Instance), vm.Stamp, vm.Vm, vm.Name), new DestroyLeftover(LeftoverKind.Vm, vm.Vm, vm.Stamp), vm.Name, seen);
            foreach (var vdi in pool.Vdis.Values)
                Judge(pool, JudgeObject.Disk(RowOf(vdi.Stamp.Instance), vdi.Stamp, vdi.Vdi, vdi.Role), new DestroyLeftover(LeftoverKind.Disk, vdi.Vdi, vdi.Stamp, vdi.Role), vdi.Name, seen);
        }
        _doomed.Clear();
        _doomed.UnionWith(seen);
        FindLostAndOverfull();
        ShowDrift(_drift);
        foreach (var pool in _pools.Values.Where(p => p.IsReady))
            _attached.Values.FirstOrDefault(h => h.Owner == pool.Owner)?.Actor.Tell(FindUnfinishedClones.Instance, Self);
    }

    private void OnUnfinishedClones(UnfinishedClonesFound m)
    {
        if (_pools.GetValueOrDefault(m.Owner.Pool.Value) is not { } pool || pool.Owner != m.Owner)
            return;
        var again = pool.Clones.Intersect(m.Disks).ToList();
        pool.Clones.Clear();
        if (Working().Any(r => r.Place?.Pool == m.Owner.Pool && UnfinishedClones.MayHaveOne(r)))
            return;
        pool.Clones.UnionWith(m.Disks);
        if (m.Disks.Count == 0 && pool.MayHaveCondemned)
        {
            pool.MayHaveCondemned = false;
            Show(new Absolve(m.Owner.Pool), outcome => pool.MayHaveCondemned |= outcome is CommitOutcome.Unavailable);
        }
        foreach (var disk in again)
        {
            pool.MayHaveCondemned = true;
            PipeToSelf(
                _setup.Committer.CommitAsync(new Change(new Condemn(m.Owner, disk, "a clone of a cached image that no build has stamped", Now))),
                outcome => new RetryNow(() =>
                {
                    if (outcome is CommitOutcome.Committed)
                        _attached.Values.FirstOrDefault(h => h.Owner == m.Owner)?.Actor.Tell(new DestroyClone(disk), Self);
                }),
                error => throw new InvalidOperationException($"The committer gave no outcome for condemning disk {disk}.", error));
        }
    }

    private void Judge(PoolView pool, ObjectVerdict verdict, DestroyLeftover leftover, string name, SortedSet<Guid> seen)
    {
        if (verdict == ObjectVerdict.Expected)
            return;
        _drift.Add(new DriftItem(
            pool.Owner.Pool, leftover.Kind == LeftoverKind.Vm ? DriftKind.Vm : DriftKind.Disk, leftover.Uuid, name,
            verdict == ObjectVerdict.Leftover ? DriftVerdict.Leftover : DriftVerdict.Unknown, HostNameOf(pool.Vms.GetValueOrDefault(leftover.Uuid)?.ResidentOn)));
        if (verdict != ObjectVerdict.Leftover)
            return;
        seen.Add(leftover.Uuid);
        // What is shown lags a little behind what a delete has just removed; a leftover is still there at the next sweep.
        if (_doomed.Contains(leftover.Uuid) && _attached.Values.FirstOrDefault(h => h.Owner == pool.Owner) is { } host)
        {
            ComputeTelemetry.Leftover(_setup.Logger, leftover.Kind, leftover.Uuid, leftover.Stamp.Instance);
            host.Actor.Tell(leftover, Self);
        }
    }

    private void FindLostAndOverfull()
    {
        foreach (var row in _entries.Values.Select(e => e.Row).OfType<Instance>().Where(r => r is { IsSettled: true, VmState: VmState.Error, PowerState: PowerState.NoState }).OrderBy(r => r.Id.Value))
            if (row is { Vm: { } vm, Place: { } place } && _pools.TryGetValue(place.Pool.Value, out var pool) && pool.IsReady && !pool.Vms.ContainsKey(vm))
                _drift.Add(new DriftItem(place.Pool, DriftKind.Instance, row.Id.Value, row.Name, DriftVerdict.Missing, place.HostName));
        foreach (var full in _inventory.Providers.Where(p => p.Free < 0))
            if (full.Kind == ProviderKind.Host && _inventory.Find(new HostId(full.Id.Value)) is { Status: not "gone" } host)
                _drift.Add(new DriftItem(host.Pool, DriftKind.Host, host.Id.Value, host.Name, DriftVerdict.Overfull, host.Name));
            else if (full.Kind == ProviderKind.Sr && _srsShown.GetValueOrDefault(full.Id.Value) is { } sr)
                _drift.Add(new DriftItem(sr.Pool, DriftKind.Sr, sr.Sr.Value, sr.Name, DriftVerdict.Overfull));
    }

    private string? HostNameOf(HostId? host) => host is { } id ? _inventory.Find(id)?.Name : null;

    private Instance? RowOf(InstanceId id) => _entries.TryGetValue(id, out var entry) ? entry.Row : null;

    /// <summary>A tombstone has done its work once every parent has it, and no command of its time can still be on its way.</summary>
    private void Purge()
    {
        if (_ticks % 60 != 0)
            return;
        var acknowledged = _setup.Links.Status.Where(l => l.Kind == NeighbourKind.Parent).All(l => l is { Health: NeighbourHealth.Up, StateLag: 0, OutboxBacklog: 0 });
        if (!acknowledged)
            return;
        if (_shown.TakeBuried(Now - _setup.Options.TombstoneRetention) is { Count: > 0 } buried)
            Show(new Change([.. buried.Select(row => new PurgeShown(row))]));
        foreach (var entry in _entries.Values
            .Where(e => e is { Busy: false, Row: { Released: true } row } && row.UpdatedAt + _setup.Options.TombstoneRetention < Now)
            .OrderBy(e => e.Id.Value).Take(100).ToList())
        {
            Commit(
                entry, new Change(new PurgeInstance(entry.Row!)), movesClaims: false,
                committed: () => Put(entry, null), missed: () => Reread(entry, () => { }), unavailable: () => { });
        }
    }

    private CellInspection Inspect() => new(
        [.. _entries.Values.Where(e => e.Row is not null).OrderBy(e => e.Id.Value).Select(e => e.Row!)],
        [.. _inventory.Hosts],
        [.. _inventory.Providers],
        [.. _drift]);
}

/// <summary>Read-only: asked of the placer by the admin API and by checkers; answered with <see cref="CellInspection"/>.</summary>
internal sealed record InspectCell
{
    public static readonly InspectCell Instance = new();
}

internal sealed record CellInspection(
    IReadOnlyList<Instance> Instances, IReadOnlyList<HostRecord> Hosts, IReadOnlyList<Provider> Providers, IReadOnlyList<DriftItem> Drift)
{
    /// <summary>Hosts and SRs of which more is promised and used by others than there is. Only what happened outside makes them so; they take nothing new.</summary>
    public IEnumerable<Provider> Overfull => Providers.Where(p => p.Free < 0);
}
