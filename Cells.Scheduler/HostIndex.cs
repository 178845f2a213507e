using Cells.Contracts;

namespace Cells.Scheduler;

/// <summary>
/// The placer's hosts, grouped by shape, so that a decision looks at each distinct shape once and not at each host. Not thread-safe: one
/// placer owns it. Rebuilt from the database at take-over and after a failed group.
/// </summary>
public sealed class HostIndex
{
    private readonly SortedDictionary<HostShape, HostSet> _byShape = [];
    private readonly Dictionary<HostId, HostState> _hosts = [];
    private readonly SortedDictionary<Guid, long> _sharedSrFree = [];

    public int Count => _hosts.Count;

    /// <summary>Hosts by name, ordinal.</summary>
    public IEnumerable<HostState> Hosts => _hosts.Values.OrderBy(h => h.Name, StringComparer.Ordinal).ThenBy(h => h.Id.Value);

    internal IEnumerable<KeyValuePair<HostShape, HostSet>> Shapes => _byShape;

    public HostState? Find(HostId id) => _hosts.GetValueOrDefault(id);

    /// <summary>Adds the host, or puts the new state in the place of the old one.</summary>
    public void Put(HostState host)
    {
        Remove(host.Id);
        _hosts[host.Id] = host;
        if (!_byShape.TryGetValue(host.Shape, out var set))
            _byShape[host.Shape] = set = new HostSet();
        set.Add(host);
    }

    public void Remove(HostId id)
    {
        if (!_hosts.Remove(id, out var old))
            return;
        var set = _byShape[old.Shape];
        set.Remove(old);
        if (set.Count == 0)
            _byShape.Remove(old.Shape);
    }

    public void PutSharedSr(SrId sr, long freeBytes) => _sharedSrFree[sr.Value] = freeBytes;

    public void RemoveSharedSr(SrId sr) => _sharedSrFree.Remove(sr.Value);

    public long SharedSrFree(SrId sr) => _sharedSrFree.GetValueOrDefault(sr.Value, -1);

    /// <summary>Takes the claim off what is free, before or while it is committed.</summary>
    public void Take(HostId host, SrId sr, HostResources need, long diskBytes) => Move(host, sr, need, diskBytes, sign: -1);

    /// <summary>Gives a claim back.</summary>
    public void Release(HostId host, SrId sr, HostResources need, long diskBytes) => Move(host, sr, need, diskBytes, sign: 1);

    private void Move(HostId id, SrId sr, HostResources need, long diskBytes, int sign)
    {
        if (_sharedSrFree.TryGetValue(sr.Value, out var shared))
            _sharedSrFree[sr.Value] = shared + (sign * diskBytes);
        if (!_hosts.TryGetValue(id, out var host))
            return;                                               // the host left the cell meanwhile: nothing to take from
        var local = host.LocalSr is { } l && l.Id == sr ? l with { FreeBytes = l.FreeBytes + (sign * diskBytes) } : host.LocalSr;
        Put(host with { Free = sign < 0 ? host.Free - need : host.Free + need, LocalSr = local });
    }
}

/// <summary>Hosts of one shape, ordered by name, so that equal candidates are taken in an order that repeats.</summary>
internal sealed class HostSet
{
    private readonly SortedSet<HostState> _hosts = new(Comparer<HostState>.Create((a, b) =>
    {
        var byName = string.CompareOrdinal(a.Name, b.Name);
        return byName != 0 ? byName : a.Id.Value.CompareTo(b.Id.Value);
    }));

    public int Count => _hosts.Count;
    public HostState First => _hosts.Min!;
    public IEnumerable<HostState> All => _hosts;
    public void Add(HostState host) => _hosts.Add(host);
    public void Remove(HostState host) => _hosts.Remove(host);
}
