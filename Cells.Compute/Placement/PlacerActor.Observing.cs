using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Reconciling;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Storage;
using HostStatus = Cells.Compute.Hosts.HostStatus;

namespace Cells.Compute.Placement;

/// <summary>What pools show: rows of settled instances, hosts and providers say it within seconds.</summary>
internal sealed partial class PlacerActor
{
    /// <summary>SR types that hold no VM disks of ours: install media and whatever is plugged into the host itself.</summary>
    private static readonly SortedSet<string> NoDiskSrs = new(StringComparer.Ordinal) { "iso", "udev", "dummy", "iscsi", "tmpfs" };

    private readonly SortedDictionary<Guid, PoolView> _pools = [];
    private readonly SortedDictionary<Guid, HostStatus> _health = [];
    private readonly SortedDictionary<Guid, HostObservation> _hostsShown = [];
    private readonly SortedDictionary<Guid, SrObservation> _srsShown = [];
    private readonly SortedSet<Guid> _hostsChanged = [], _srsChanged = [];

    // Hosts and SRs of which the database has not taken all that the picture says: what is shown of them next is written, also when it is nothing new.
    private readonly SortedSet<Guid> _unwritten = [];

    private void OnPoolShown(PoolShown m)
    {
        var pool = new PoolView(new PoolOwner(m.Pool, m.Epoch)) { Coordinator = m.Coordinator };
        var before = _pools.GetValueOrDefault(m.Pool.Value);
        _pools[m.Pool.Value] = pool;
        foreach (var vm in m.Vms)
            pool.Vms[vm.Vm] = vm;
        foreach (var vdi in m.Vdis)
            pool.Vdis[vdi.Vdi] = vdi;

        foreach (var gone in _srsShown.Values.Where(s => s.Pool == m.Pool && m.Srs.All(shown => shown.Sr != s.Sr)).ToList())
            OnSrGone(new SrGone(m.Pool, gone.Sr));
        foreach (var sr in m.Srs)
            OnSrShown(sr);
        foreach (var host in m.Hosts)
            OnHostShown(host);
        foreach (var gone in _inventory.Hosts.Where(h => h.Pool == m.Pool && m.Hosts.All(s => s.Host != h.Id)).ToList())
            OnHostGone(new HostGone(m.Pool, gone.Id));
        OnOutside(m.Outside);
        if (before is null)
            foreach (var host in m.Hosts)
                _hostsChanged.Add(host.Host.Value);

        foreach (var vm in m.Vms)
            OnVmShown(vm);
        // A full read that has no such VM says that there is none: that is the pool's word, not silence.
        foreach (var entry in _entries.Values.Where(e => e.Row is { Released: false, Vm: not null, Place: { } place } && place.Pool == m.Pool).OrderBy(e => e.Id.Value).ToList())
            if (!pool.Vms.ContainsKey(entry.Row!.Vm!.Value))
                Observe(entry, new Observed(pool.Owner, entry.Row!.Vm!.Value, null));
        foreach (var host in m.Hosts.Where(h => IsHeard(h.Host)))
            EndRunningLeftovers(host.Host);
        ShowCapacity();
    }

    private void OnVmShown(VmObservation vm)
    {
        if (!_pools.TryGetValue(vm.Pool.Value, out var pool))
            return;                                               // the full read comes first
        pool.Vms[vm.Vm] = vm;
        if (_entries.TryGetValue(vm.Stamp.Instance, out var entry) && entry.Row is { } row && JudgeObject.Vm(row, vm.Stamp, vm.Vm, vm.Name) == ObjectVerdict.Expected)
            Observe(entry, new Observed(pool.Owner, vm.Vm, vm));
    }

    private void OnVmGone(VmGone m)
    {
        if (!_pools.TryGetValue(m.Last.Pool.Value, out var pool))
            return;
        pool.Vms.Remove(m.Last.Vm);
        if (_entries.TryGetValue(m.Last.Stamp.Instance, out var entry) && entry.Row is { } row && row.Vm == m.Last.Vm)
            Observe(entry, new Observed(pool.Owner, m.Last.Vm, null));
    }

    private void OnVdiShown(VdiObservation vdi)
    {
        if (_pools.TryGetValue(vdi.Pool.Value, out var pool))
            pool.Vdis[vdi.Vdi] = vdi;
    }

    private void OnVdiGone(VdiObservation vdi)
    {
        if (_pools.TryGetValue(vdi.Pool.Value, out var pool))
            pool.Vdis.Remove(vdi.Vdi);
    }

    private void Observe(Entry entry, Observed observed)
    {
        entry.Observed = observed;
        if (!entry.Busy)
            JudgeShown(entry);
    }

    private void JudgeShown(Entry entry)
    {
        if (entry is not { Row: { } row, Observed: { } observed } || !row.IsSettled || observed.Vm != row.Vm)
            return;
        var next = observed.Shown is { } vm ? CorrectObserved.Shown(row, OwnVm.PowerOf(vm.PowerState) ?? row.PowerState, Now, ElsewhereThan(row, vm)) : CorrectObserved.Gone(row, Now);
        if (next is null)
            return;
        var (from, to) = (row.Place!.Host, next.Place!.Host);
        if (from != to && _rebuilding)
        {
            WithInventory(() => Queued(entry, () => JudgeShown(entry)));
            return;
        }
        var move = new MoveInstance(row, next, Checked(observed.Owner));
        Commit(
            entry,
            new Change([.. KeptClaims(row, next), move]),
            movesClaims: from != to,
            committed: () =>
            {
                Put(entry, next);
                if (from != to)
                {
                    KeepPromises(row, next);
                    ComputeTelemetry.Followed(_setup.Logger, next.Id, row.Place.HostName, next.Place.HostName);
                }
                ComputeTelemetry.Corrected(_setup.Logger, next.Id, next.PowerState, next.VmState);
            },
            // Another owner has the pool now, or the row moved: the next thing shown is judged against the row as it is then.
            missed: () => Reread(entry, () => entry.Observed = _pools.GetValueOrDefault(observed.Owner.Pool.Value)?.Owner == observed.Owner ? null : entry.Observed),
            unavailable: () => RetryLater(entry, () => JudgeShown(entry)));
    }

    /// <summary>
    /// The row's place with the host that the pool shows; null when that is the row's own, or one that has no capacity here yet: then it is judged again
    /// once it has.
    /// </summary>
    private Place? ElsewhereThan(Instance row, VmObservation vm) =>
        row.Place is { } place && vm.ResidentOn is { } host && host != place.Host
        && _inventory.Find(host) is { } record && _inventory.Find(ProviderId.Of(host), Resource.MemoryMib) is not null
            ? place with { Host = host, HostName = record.Name }
            : null;

    private void JudgeThoseOn(HostId host)
    {
        foreach (var entry in _entries.Values.Where(e => e is { Busy: false, Observed.Shown.ResidentOn: { } at } && at == host).OrderBy(e => e.Id.Value).ToList())
            JudgeShown(entry);
    }

    private void OnHostShown(HostObservation host)
    {
        var isNew = !_hostsShown.ContainsKey(host.Host.Value);
        _hostsShown[host.Host.Value] = host;
        _hostsChanged.Add(host.Host.Value);
        if (isNew)
            NoteMembers(host.Pool, null);
    }

    private void OnHostGone(HostGone m)
    {
        _hostsShown.Remove(m.Host.Value);
        _hostsChanged.Add(m.Host.Value);
        NoteMembers(m.Pool, null);
    }

    private void OnSrShown(SrObservation sr)
    {
        _srsShown[sr.Sr.Value] = sr;
        _srsChanged.Add(sr.Sr.Value);
        JudgeHostsOf(sr.Pool);
    }

    /// <summary>What is promised there stays promised, with its instances; nothing new is, because no host sees it any more.</summary>
    private void OnSrGone(SrGone m)
    {
        _srsShown.Remove(m.Sr.Value);
        JudgeHostsOf(m.Pool);
    }

    /// <summary>Which SRs a host sees stands with the SRs.</summary>
    private void JudgeHostsOf(PoolId pool)
    {
        foreach (var host in _hostsShown.Values.Where(h => h.Pool == pool))
            _hostsChanged.Add(host.Host.Value);
    }

    private void OnHealth(HostHealthChanged m)
    {
        _health[m.Host.Value] = m.Health.Status;
        if (m.Health.Status is HostStatus.Up or HostStatus.Maintenance)
        {
            EndProofOf(m.Host);
            EndRunningLeftovers(m.Host);
        }
        _hostsChanged.Add(m.Host.Value);
        ShowCapacity();                                           // a host that fell silent gets nothing new from now on
    }

    private void OnOutside(OutsideUsage m)
    {
        if (!_pools.TryGetValue(m.Pool.Value, out var pool))
            return;
        foreach (var host in pool.Outside?.Hosts.Select(h => h.Host).Concat(m.Hosts.Select(h => h.Host)) ?? m.Hosts.Select(h => h.Host))
            _hostsChanged.Add(host.Value);
        foreach (var sr in pool.Outside?.Srs.Select(s => s.Sr).Concat(m.Srs.Select(s => s.Sr)) ?? m.Srs.Select(s => s.Sr))
            _srsChanged.Add(sr.Value);
        pool.Outside = m;
    }

    private void OnPoolStatus(PoolStatusChanged m)
    {
        NotePool(m);
        if (m.Pool is { } known && m.Status == PoolStatus.Ready)
            NoteMembers(known, _pools.GetValueOrDefault(known.Value)?.Coordinator);
        if (m.Pool is not { } id || m.Status == PoolStatus.Ready)
            return;
        foreach (var host in _hostsShown.Values.Where(h => h.Pool == id))
            _hostsChanged.Add(host.Host.Value);
        if (_pools.TryGetValue(id.Value, out var pool))
            pool.IsReady = false;
        ShowCapacity();
    }

    /// <summary>
    /// Writes what changed of hosts and SRs, at most once a tick: while builds run, a clone counts as outside until it is stamped, and that flicker is not
    /// worth a commit each.
    /// </summary>
    private void ShowCapacity()
    {
        foreach (var id in _srsChanged.ToList())
            if (_srsShown.TryGetValue(id, out var sr) && _pools.TryGetValue(sr.Pool.Value, out var pool))
                ShowSr(sr, pool);
        _srsChanged.Clear();
        foreach (var id in _hostsChanged.ToList())
            if (_hostsShown.TryGetValue(id, out var host) && _pools.TryGetValue(host.Pool.Value, out var pool))
                ShowHost(host, pool);
            else if (_inventory.Find(new HostId(id)) is not { } left)
                continue;
            else if (_pools.TryGetValue(left.Pool.Value, out var former))
                PutHost(left with { Status = "gone" }, former.Owner, _unwritten.Remove(id));
            else
                ShowUnread(left);
        _hostsChanged.Clear();
    }

    /// <summary>A host of a pool that this process has not read yet: whether it is heard is known all the same.</summary>
    private void ShowUnread(HostRecord host)
    {
        var status = _health.GetValueOrDefault(host.Id.Value) == HostStatus.Down ? "down" : "suspect";
        if (host.Status == status)
            return;
        _inventory.Put(host with { Status = status });
        NewsAreDue();
        Show(new Change(new TouchHost(host.Id, Now, status)));
    }

    private void ShowSr(SrObservation sr, PoolView pool)
    {
        if (NoDiskSrs.Contains(sr.Type) || sr.SizeBytes <= 0)
            return;
        var again = _unwritten.Remove(sr.Sr.Value);
        var record = new SrRecord(sr.Sr, sr.Pool, sr.Name, sr.Type, sr.Shared);
        if (again || _inventory.Find(sr.Sr) != record)
        {
            _inventory.Put(record);
            Show(new PutSr(record, pool.Owner, Now), sr.Sr.Value, _srsChanged);
        }
        ShowProvider(new Provider(
            ProviderId.Of(sr.Sr), Resource.DiskBytes, ProviderKind.Sr, sr.SizeBytes, 1, _setup.Options.DiskReserveBytes, 0,
            pool.Outside?.Srs.FirstOrDefault(s => s.Sr == sr.Sr).Bytes ?? 0), pool.Owner, _srsChanged, again);
    }

    private void ShowHost(HostObservation host, PoolView pool)
    {
        var outside = pool.Outside?.Hosts.FirstOrDefault(h => h.Host == host.Host) ?? default;
        var srs = _srsShown.Values.Where(s => s.Pool == host.Pool && !NoDiskSrs.Contains(s.Type) && s.SizeBytes > 0 && s.SeenBy.Contains(host.Host)).Select(s => s.Sr).ToList();
        var memoryMib = host.MemoryBytes / Units.Mib;
        var again = _unwritten.Remove(host.Host.Value);
        var isNew = _inventory.Find(ProviderId.Of(host.Host), Resource.MemoryMib) is null;
        PutHost(
            new HostRecord(host.Host, host.Pool, host.Name, host.Address.ToString(), StatusOf(host, pool), host.Enabled, host.Cpus, memoryMib, srs) { Networks = host.Networks },
            pool.Owner, again);
        ShowProvider(new Provider(
            ProviderId.Of(host.Host), Resource.Vcpu, ProviderKind.Host, host.Cpus, _setup.Options.CpuRatio, 0, 0, outside.Vcpus), pool.Owner,
            _hostsChanged, again);
        ShowProvider(new Provider(
            ProviderId.Of(host.Host), Resource.MemoryMib, ProviderKind.Host, memoryMib, 1, _setup.Options.MemoryReserveMib, 0, outside.MemoryMib), pool.Owner,
            _hostsChanged, again);
        if (isNew)
            JudgeThoseOn(host.Host);
    }

    /// <summary>Without its pool's coordinator a host can be heard, but not be worked with; one that is not heard is down either way.</summary>
    private string StatusOf(HostObservation host, PoolView pool) => !pool.IsReady && _health.GetValueOrDefault(host.Host.Value) != HostStatus.Down ? "suspect"
        : _health.TryGetValue(host.Host.Value, out var status) ? status.ToString().ToLowerInvariant()
        : "suspect";

    private void PutHost(HostRecord host, PoolOwner owner, bool again)
    {
        if (!again && host.SameAs(_inventory.Find(host.Id)))
            return;
        _inventory.Put(host);
        NewsAreDue();
        Show(new PutHost(host, owner, Now), host.Id.Value, _hostsChanged);
    }

    private void ShowProvider(Provider shown, PoolOwner owner, SortedSet<Guid> changed, bool again)
    {
        if (!again && _inventory.Find(shown.Id, shown.Resource) is { } known && known with { Promised = 0 } == shown)
            return;
        _inventory.Show(shown);
        NewsAreDue();
        Show(new ShowProvider(shown, owner), shown.Id.Value, changed);
    }

    /// <summary>
    /// Commits what was shown of a host or an SR. The database being away only delays it: the next tick shows it again. An assignment that is over
    /// makes it its successor's to show, whose full read then writes it.
    /// </summary>
    private void Show(IWrite write, Guid subject, SortedSet<Guid> changed) => Show(write, outcome =>
    {
        if (outcome is CommitOutcome.Committed)
            return;
        _unwritten.Add(subject);
        if (outcome is CommitOutcome.Unavailable)
            changed.Add(subject);
    });

    private void Show(IWrite write, Action<CommitOutcome> ended) => Show(new Change(write), ended);

    private void Show(Change change, Action<CommitOutcome> ended) => PipeToSelf(
        _setup.Committer.CommitAsync(change),
        outcome => new RetryNow(() => ended(outcome)),
        error => throw new InvalidOperationException($"The committer gave no outcome for {change.Writes[0].Kind}.", error));

    /// <summary>What is promised of a host and what others use there is shown with its row: a new change number makes the state lane send it again.</summary>
    private void TouchHosts()
    {
        var touched = _inventory.TakeTouched();
        if (touched.Count > 0)
            Show(new Change([.. touched.Select(h => new TouchHost(h, Now))]), outcome =>
            {
                if (outcome is CommitOutcome.Unavailable)
                    foreach (var host in touched)
                        _inventory.Touch(host);
            });
    }

    // The next change of the same host shows it again.
    private void Show(Change change) => Show(change, _ => { });

    /// <summary>What one pool showed since its last full read.</summary>
    private sealed class PoolView(PoolOwner owner)
    {
        public PoolOwner Owner { get; } = owner;
        public HostId? Coordinator { get; init; }
        public SortedDictionary<Guid, VmObservation> Vms { get; } = [];
        public SortedDictionary<Guid, VdiObservation> Vdis { get; } = [];
        public OutsideUsage? Outside { get; set; }
        public bool IsReady { get; set; } = true;

        /// <summary>Unfinished clones at the last sweep, when nobody was cloning.</summary>
        public SortedSet<Guid> Clones { get; } = [];

        /// <summary>Durable wishes may be there, of this life or an earlier one.</summary>
        public bool MayHaveCondemned { get; set; } = true;
    }
}
