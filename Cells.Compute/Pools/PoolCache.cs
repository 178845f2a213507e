using System.Collections.Immutable;
using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Scheduler;

namespace Cells.Compute.Pools;

/// <summary>
/// What the pool has shown, as an immutable value: the pool's actor makes the next one from each event, everybody else reads the one they hold.
/// It lags behind the host; a workflow's probe asks the host instead.
/// </summary>
internal sealed record PoolCache(
    PoolId Pool,
    HostAddress Coordinator,
    ImmutableSortedDictionary<XenRef<Host>, Host> Hosts,
    ImmutableSortedDictionary<XenRef<HostMetrics>, HostMetrics> HostMetrics,
    ImmutableSortedDictionary<XenRef<Sr>, Sr> Srs,
    ImmutableSortedDictionary<XenRef<Pbd>, Pbd> Pbds,
    ImmutableSortedDictionary<XenRef<Network>, Network> Networks,
    ImmutableSortedDictionary<XenRef<Pif>, Pif> Pifs,
    ImmutableSortedDictionary<XenRef<Vm>, Vm> Vms,
    ImmutableSortedDictionary<XenRef<Vdi>, Vdi> Vdis,
    ImmutableSortedDictionary<XenRef<XenTask>, XenTask> Tasks)
{
    /// <summary>The classes whose changes we ask for. VBDs, VIFs and metrics of VMs are read when a step needs them.</summary>
    public static readonly IReadOnlyList<string> Classes = ["pool", "host", "host_metrics", "SR", "PBD", "network", "PIF", "VM", "VDI", "task"];

    /// <summary>
    /// The host of the coordinator that this session is with: we know how it is reached, whatever address its record shows. A session ends with its
    /// coordinator, so a later one named here is not the one that is spoken to.
    /// </summary>
    private XenRef<Host> Master { get; init; }

    private ImmutableSortedDictionary<Guid, ImmutableSortedSet<XenRef<Vm>>> VmsByInstance { get; init; } =
        ImmutableSortedDictionary<Guid, ImmutableSortedSet<XenRef<Vm>>>.Empty;

    private ImmutableSortedDictionary<Guid, ImmutableSortedSet<XenRef<Vdi>>> VdisByInstance { get; init; } =
        ImmutableSortedDictionary<Guid, ImmutableSortedSet<XenRef<Vdi>>>.Empty;

    public static PoolCache Empty(PoolId pool, HostAddress coordinator) => new(
        pool,
        coordinator,
        ImmutableSortedDictionary<XenRef<Host>, Host>.Empty,
        ImmutableSortedDictionary<XenRef<HostMetrics>, HostMetrics>.Empty,
        ImmutableSortedDictionary<XenRef<Sr>, Sr>.Empty,
        ImmutableSortedDictionary<XenRef<Pbd>, Pbd>.Empty,
        ImmutableSortedDictionary<XenRef<Network>, Network>.Empty,
        ImmutableSortedDictionary<XenRef<Pif>, Pif>.Empty,
        ImmutableSortedDictionary<XenRef<Vm>, Vm>.Empty,
        ImmutableSortedDictionary<XenRef<Vdi>, Vdi>.Empty,
        ImmutableSortedDictionary<XenRef<XenTask>, XenTask>.Empty);

    /// <summary>VMs stamped with the instance, of any epoch and attempt; snapshots and templates, which copy stamps, are not among them.</summary>
    public IReadOnlyList<VmObservation> FindVmsByInstance(InstanceId instance) =>
        VmsByInstance.TryGetValue(instance.Value, out var refs) ? [.. refs.Select(r => Observe(r, Vms[r])).OfType<VmObservation>()] : [];

    /// <summary>Disks stamped with the instance, of any epoch and attempt.</summary>
    public IReadOnlyList<VdiObservation> FindVdisByInstance(InstanceId instance) =>
        VdisByInstance.TryGetValue(instance.Value, out var refs) ? [.. refs.Select(r => Observe(r, Vdis[r])).OfType<VdiObservation>()] : [];

    public KeyValuePair<XenRef<Host>, Host>? FindHost(HostId id) => Find(Hosts, h => h.Uuid == id.Value);

    public KeyValuePair<XenRef<Sr>, Sr>? FindSr(SrId id) => Find(Srs, s => s.Uuid == id.Value);

    public HostId? HostOf(XenRef<Host> host) => Hosts.TryGetValue(host, out var record) ? new HostId(record.Uuid) : null;

    /// <summary>Null when the VM is not ours.</summary>
    public VmObservation? Observe(XenRef<Vm> vm, Vm record) => StampOf(record) is { } stamp
        ? new VmObservation(
            Pool, record.Uuid, vm, stamp, record.NameLabel, record.PowerState, HostOf(record.ResidentOn), HostOf(record.ScheduledToBeResidentOn),
            (int)record.VcpusMax, record.MemoryDynamicMin, record.MemoryOverhead)
        : null;

    /// <summary>Null when the disk is not ours.</summary>
    public VdiObservation? Observe(XenRef<Vdi> vdi, Vdi record) => StampOf(record) is { } stamp
        ? new VdiObservation(
            Pool, record.Uuid, vdi, stamp, record.NameLabel, Srs.TryGetValue(record.Sr, out var sr) ? new SrId(sr.Uuid) : null, record.VirtualSize, record.Vbds.Count > 0)
        {
            Role = Marks.RoleOf(record.OtherConfig),
        }
        : null;

    public HostObservation Observe(XenRef<Host> host, Host record)
    {
        var metrics = HostMetrics.GetValueOrDefault(record.Metrics);
        return new HostObservation(
            Pool, new HostId(record.Uuid), host, record.NameLabel, host == Master ? Coordinator : AddressOf(record), record.Enabled,
            metrics?.Live ?? false, record.CpuCount, metrics is null ? 0 : metrics.MemoryTotal - record.MemoryOverhead)
        {
            Networks = NetworkSet.Of(NetworkKeys.Of(this, host).Keys),
        };
    }

    public SrObservation Observe(XenRef<Sr> sr, Sr record) => new(
        Pool, new SrId(record.Uuid), sr, record.NameLabel, record.Type, record.ContentType, record.Shared, record.PhysicalSize,
        HostsOf(Pbds.Values.Where(p => p.CurrentlyAttached && p.Sr == sr).Select(p => p.Host)));

    public NetworkObservation Observe(XenRef<Network> network, Network record)
    {
        var pifs = Pifs.Values.Where(p => p.Network == network).ToList();
        return new(Pool, record.Uuid, network, record.NameLabel, record.Bridge, pifs.Exists(p => p.Management), HostsOf(pifs.Select(p => p.Host)));
    }

    /// <summary>Everything, in the order of uuids.</summary>
    public PoolShown ShowAll(long epoch) => new(
        Pool,
        epoch,
        [.. Hosts.Select(p => Observe(p.Key, p.Value)).OrderBy(h => h.Host.Value)],
        [.. Srs.Select(p => Observe(p.Key, p.Value)).OrderBy(s => s.Sr.Value)],
        [.. Networks.Select(p => Observe(p.Key, p.Value)).OrderBy(n => n.Network)],
        [.. Vms.Select(p => Observe(p.Key, p.Value)).OfType<VmObservation>().OrderBy(v => v.Vm)],
        [.. Vdis.Select(p => Observe(p.Key, p.Value)).OfType<VdiObservation>().OrderBy(v => v.Vdi)],
        Outside())
    {
        Coordinator = HostOf(Master),
    };

    /// <summary>
    /// What others take, and disks of ours beside an instance's own: no claim is held for those, but for a resize's. A VM counts where it is resident or being started, as the host's own compute_free_memory does; a halted one takes
    /// nothing of a host.
    /// </summary>
    public OutsideUsage Outside()
    {
        var hosts = Vms.Values
            .Where(v => StampOf(v) is null && !v.IsASnapshot && !v.IsATemplate)
            .Select(v => (Host: HostOf(v.ResidentOn) ?? HostOf(v.ScheduledToBeResidentOn), Vm: v))
            .Where(p => p.Host is not null)
            .GroupBy(p => p.Host!.Value)
            .Select(g => new OutsideOfHost(
                g.Key,
                (int)g.Where(p => !p.Vm.IsControlDomain).Sum(p => p.Vm.VcpusMax),
                g.Sum(p => Mib(p.Vm.MemoryDynamicMin + p.Vm.MemoryOverhead))));
        var srs = Vdis.Values
            .Where(v => (StampOf(v) is null || (Marks.RoleOf(v.OtherConfig) != DiskRole.Root && !v.OtherConfig.ContainsKey(Marks.Claimed))) && v.Managed && Srs.ContainsKey(v.Sr))
            .GroupBy(v => new SrId(Srs[v.Sr].Uuid))
            .Select(g => new OutsideOfSr(g.Key, g.Sum(v => v.VirtualSize)));
        return new OutsideUsage(Pool, [.. hosts.OrderBy(h => h.Host.Value)], [.. srs.OrderBy(s => s.Sr.Value)]);
    }

    /// <summary>The cache after one event. Events of classes we do not keep change nothing.</summary>
    public PoolCache On(XenEvent e) => e.Class switch
    {
        "pool" => e.Record is XenApi.Pool pool && Master.IsNull ? this with { Master = pool.Master } : this,
        "host" => this with { Hosts = Next(Hosts, e) },
        "host_metrics" => this with { HostMetrics = Next(HostMetrics, e) },
        "sr" => this with { Srs = Next(Srs, e) },
        "pbd" => this with { Pbds = Next(Pbds, e) },
        "network" => this with { Networks = Next(Networks, e) },
        "pif" => this with { Pifs = Next(Pifs, e) },
        "vm" => this with { Vms = Next(Vms, e), VmsByInstance = Next(VmsByInstance, Vms, e, StampOf) },
        "vdi" => this with { Vdis = Next(Vdis, e), VdisByInstance = Next(VdisByInstance, Vdis, e, StampOf) },
        "task" => this with { Tasks = Next(Tasks, e) },
        _ => this,
    };

    private HostAddress AddressOf(Host host)
    {
        try
        {
            return Coordinator.At(host.Address);
        }
        catch (FormatException)
        {
            return Coordinator.At("no-address.invalid");            // never resolves (RFC 2606): the host is never heard, so nothing goes there
        }
    }

    /// <summary>A snapshot, template or copy made of one of our VMs has its other_config, but is not the instance.</summary>
    private static Stamp? StampOf(Vm vm) =>
        vm.IsASnapshot || vm.IsATemplate || vm.IsControlDomain || Marks.IsCopy(vm.Uuid, vm.OtherConfig) ? null : Marks.Read(vm.OtherConfig);

    private static Stamp? StampOf(Vdi vdi) => Marks.IsOwnDisk(vdi) ? Marks.Read(vdi.OtherConfig) : null;

    private static ImmutableSortedDictionary<XenRef<T>, T> Next<T>(ImmutableSortedDictionary<XenRef<T>, T> objects, XenEvent e) =>
        e.Record is T record ? objects.SetItem(new XenRef<T>(e.Ref), record) : objects.Remove(new XenRef<T>(e.Ref));

    private static ImmutableSortedDictionary<Guid, ImmutableSortedSet<XenRef<T>>> Next<T>(
        ImmutableSortedDictionary<Guid, ImmutableSortedSet<XenRef<T>>> index, ImmutableSortedDictionary<XenRef<T>, T> before, XenEvent e, Func<T, Stamp?> stampOf)
    {
        var reference = new XenRef<T>(e.Ref);
        var was = before.TryGetValue(reference, out var old) ? stampOf(old)?.Instance.Value : null;
        var now = e.Record is T record ? stampOf(record)?.Instance.Value : null;
        if (was == now)
            return index;
        if (was is { } gone)
            index = index[gone].Remove(reference) is { IsEmpty: false } rest ? index.SetItem(gone, rest) : index.Remove(gone);
        return now is { } come ? index.SetItem(come, index.GetValueOrDefault(come, ImmutableSortedSet<XenRef<T>>.Empty).Add(reference)) : index;
    }

    private static KeyValuePair<XenRef<T>, T>? Find<T>(ImmutableSortedDictionary<XenRef<T>, T> objects, Func<T, bool> matches)
    {
        foreach (var pair in objects)
        {
            if (matches(pair.Value))
                return pair;
        }
        return null;
    }

    private List<HostId> HostsOf(IEnumerable<XenRef<Host>> hosts) =>
        [.. hosts.Select(HostOf).OfType<HostId>().Distinct().OrderBy(h => h.Value)];

    private static long Mib(long bytes) => (bytes + Units.Mib - 1) / Units.Mib;
}
