using Cells.Contracts;

namespace Cells.Scheduler.Capacity;

/// <summary>
/// What a parent believes of one child: its last summary less every dispatch since that the summary does not count. Each dispatch is taken off the
/// vector that best fit would choose; a wrong guess costs a refusal, never an overclaim. Not thread-safe: one dispatcher owns it.
/// </summary>
public sealed class ChildCapacity
{
    private readonly SortedDictionary<long, PlacementRequest> _since = [];
    private CapacitySummary? _summary;
    private List<Hole> _holes = [];
    private SortedDictionary<Guid, long> _sharedFree = [];

    /// <summary>False until the child has sent a first summary: then it is asked, and says itself.</summary>
    public bool IsKnown => _summary is not null;

    /// <summary>Takes a newer summary; dispatches that it counts are forgotten, later ones taken off again.</summary>
    public void Update(CapacitySummary summary)
    {
        _summary = summary;
        foreach (var counted in _since.Keys.TakeWhile(n => n <= summary.CountsWorkUpTo).ToList())
            _since.Remove(counted);
        Rebuild();
    }

    /// <summary>A dispatch to the child under this work number of its link.</summary>
    public void Dispatched(long workNumber, PlacementRequest request)
    {
        if (_summary is not null && workNumber <= _summary.CountsWorkUpTo)
            return;
        _since[workNumber] = request;
        TakeOff(request);
    }

    /// <summary>The dispatch was refused or deleted: what was taken off for it is free again (unless a summary has counted it meanwhile).</summary>
    public void Settled(long workNumber)
    {
        if (_since.Remove(workNumber))
            Rebuild();
    }

    /// <summary>How many instances of this size fit below, by what is known now; 0 when nothing is known.</summary>
    public long Fits(PlacementRequest request)
    {
        var fits = 0L;
        foreach (var hole in _holes)
        {
            if (request.Hints.AvailabilityZone is { } zone && zone != hole.Zone)
                continue;
            if (!hole.Carries(request.Networks))
                continue;
            var disk = Math.Max(hole.Vector.LocalDiskBytes, BestShared(hole));
            fits += hole.Vector.Hosts * Math.Min(
                Math.Min(Times(hole.Vector.Vcpus, request.Need.Vcpus), Times(hole.Vector.MemoryMib, request.Need.MemoryMib)),
                Times(disk, request.DiskBytes));
        }
        return fits;
    }

    /// <summary>There are hosts below, and none of them carries all networks of the request.</summary>
    public bool LacksNetworks(PlacementRequest request) =>
        request.Networks.Count > 0 && _holes.Count > 0 && !_holes.Exists(hole => hole.Carries(request.Networks));

    public long FreeMemoryMib => _holes.Sum(h => h.Vector.Hosts * h.Vector.MemoryMib);

    /// <summary>The largest hole, for words such as "largest free: 4 vCPU, 6100 MiB".</summary>
    public HostResources Largest => _holes.Count == 0 ? default
        : _holes.Select(h => new HostResources(h.Vector.Vcpus, h.Vector.MemoryMib)).MaxBy(r => (r.MemoryMib, r.Vcpus));

    /// <summary>The summary less the dispatches since, to be merged into the summary for the next parent.</summary>
    public CapacitySummary Current => new(
        0,
        [
            .. _holes.GroupBy(h => (h.HostClass, h.Zone, h.SharedKey, h.Networks)).Select(g => new HostGroup(
                g.Key.HostClass, g.Key.Zone, g.First().SharedSrs,
                [.. g.GroupBy(h => h.Vector with { Hosts = 0 }).Select(v => v.Key with { Hosts = v.Sum(h => h.Vector.Hosts) })],
                g.Key.Networks?.Keys)),
        ],
        [.. _sharedFree.Select(s => new SharedSr(new SrId(s.Key), s.Value))]);

    private void Rebuild()
    {
        _holes = [.. (_summary?.Groups ?? []).SelectMany(g => g.Vectors.Select(v => new Hole(g.HostClass, g.Zone, g.SharedSrs, g.Networks is { } keys ? NetworkSet.Of(keys) : null, v)))];
        _sharedFree = new SortedDictionary<Guid, long>((_summary?.SharedSrs ?? []).ToDictionary(s => s.Sr.Value, s => s.FreeBytes));
        foreach (var request in _since.Values)
            TakeOff(request);
    }

    private void TakeOff(PlacementRequest request)
    {
        var (need, diskBytes) = (request.Need, request.DiskBytes);
        var best = -1;
        for (var i = 0; i < _holes.Count; i++)
        {
            var hole = _holes[i];
            var fits = hole.Vector.Vcpus >= need.Vcpus && hole.Vector.MemoryMib >= need.MemoryMib
                && Math.Max(hole.Vector.LocalDiskBytes, BestShared(hole)) >= diskBytes && hole.Carries(request.Networks);
            if (fits && (best < 0 || Tighter(hole.Vector, _holes[best].Vector)))
                best = i;
        }
        if (best < 0)
            return;                                     // the child will refuse, and say why
        var (source, vector) = (_holes[best], _holes[best].Vector);
        if (vector.Hosts == 1)
            _holes.RemoveAt(best);
        else
            _holes[best] = source with { Vector = vector with { Hosts = vector.Hosts - 1 } };
        var local = BestShared(source) < diskBytes;     // as the child itself chooses: what is shared goes first
        if (!local)
            TakeShared(source, diskBytes);
        _holes.Add(source with
        {
            Vector = new FreeVector(vector.Vcpus - need.Vcpus, vector.MemoryMib - need.MemoryMib,
                local ? vector.LocalDiskBytes - diskBytes : vector.LocalDiskBytes, 1),
        });
    }

    private void TakeShared(Hole hole, long diskBytes)
    {
        var sr = hole.SharedSrs.Where(s => _sharedFree.GetValueOrDefault(s.Value, -1) >= diskBytes).MinBy(s => _sharedFree[s.Value]);
        _sharedFree[sr.Value] -= diskBytes;
    }

    private long BestShared(Hole hole) =>
        hole.SharedSrs.Count == 0 ? -1 : hole.SharedSrs.Max(s => _sharedFree.GetValueOrDefault(s.Value, -1));

    private static bool Tighter(FreeVector a, FreeVector b) =>
        a.MemoryMib != b.MemoryMib ? a.MemoryMib < b.MemoryMib : a.Vcpus < b.Vcpus;

    private static long Times(long has, long needs) => needs <= 0 ? long.MaxValue : Math.Max(0, has) / needs;

    /// <param name="Networks">Null: not said, so it may carry any.</param>
    private sealed record Hole(string HostClass, string Zone, IReadOnlyList<SrId> SharedSrs, NetworkSet? Networks, FreeVector Vector)
    {
        public bool Carries(IReadOnlyList<string> networks) => Networks is not { } known || known.FirstMissing(networks) is null;

        public string SharedKey => string.Join(',', SharedSrs.Select(s => s.Value));
    }
}
