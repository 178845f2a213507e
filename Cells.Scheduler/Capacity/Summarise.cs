using Cells.Contracts;

namespace Cells.Scheduler.Capacity;

/// <summary>Makes the summary a parent decides by.</summary>
public static class Summarise
{
    /// <summary>Above so many vectors, free amounts are rounded down, coarser and coarser, until they fit: never over-promising.</summary>
    public const int MostVectors = 4096;

    /// <param name="countsWorkUpTo">Last work number of the parent's link whose effect is in the index.</param>
    public static CapacitySummary Of(HostIndex index, long countsWorkUpTo)
    {
        var groups = index.Shapes
            .Where(s => s.Key.Unavailable is null)
            .GroupBy(s => (s.Key.HostClass, s.Key.Zone, s.Key.SharedSrs, s.Key.Networks))
            .OrderBy(g => g.Key.HostClass, StringComparer.Ordinal).ThenBy(g => g.Key.Zone, StringComparer.Ordinal).ThenBy(g => g.Key.SharedSrs, StringComparer.Ordinal)
            .ThenBy(g => g.Key.Networks)
            .Select(g => new HostGroup(g.Key.HostClass, g.Key.Zone, SrsOf(g.Key.SharedSrs), Vectors(g), g.Key.Networks.Keys))
            .ToList();
        var shared = groups.SelectMany(g => g.SharedSrs).Distinct().OrderBy(s => s.Value)
            .Select(s => new SharedSr(s, Math.Max(0, index.SharedSrFree(s)))).ToList();
        return RoundedDown(new CapacitySummary(countsWorkUpTo, groups, shared), MostVectors);
    }

    /// <summary>Several children's summaries as one: a routing cell's own.</summary>
    public static CapacitySummary Merge(IEnumerable<CapacitySummary> children, long countsWorkUpTo)
    {
        var all = children.ToList();
        var groups = all.SelectMany(c => c.Groups)
            .GroupBy(g => (g.HostClass, g.Zone, Srs: string.Join(',', g.SharedSrs.Select(s => s.Value)), Networks: g.Networks is { } keys ? NetworkSet.Of(keys) : (NetworkSet?)null))
            .OrderBy(g => g.Key.HostClass, StringComparer.Ordinal).ThenBy(g => g.Key.Zone, StringComparer.Ordinal).ThenBy(g => g.Key.Srs, StringComparer.Ordinal)
            .ThenBy(g => g.Key.Networks)
            .Select(g => new HostGroup(g.Key.HostClass, g.Key.Zone, g.First().SharedSrs, Combine(g.SelectMany(x => x.Vectors)), g.Key.Networks?.Keys))
            .ToList();
        var shared = all.SelectMany(c => c.SharedSrs).GroupBy(s => s.Sr).OrderBy(g => g.Key.Value)
            .Select(g => new SharedSr(g.Key, g.Min(s => s.FreeBytes))).ToList();
        return RoundedDown(new CapacitySummary(countsWorkUpTo, groups, shared), MostVectors);
    }

    internal static CapacitySummary RoundedDown(CapacitySummary summary, int mostVectors)
    {
        for (var step = 1; summary.Groups.Sum(g => g.Vectors.Count) > mostVectors; step *= 2)
        {
            var (memory, disk, cpus) = (256L * step, Units.Gib * step, step);
            var groups = summary.Groups.Select(g => g with
            {
                Vectors = Combine(g.Vectors.Select(v => v with
                {
                    Vcpus = v.Vcpus - (v.Vcpus % cpus),
                    MemoryMib = v.MemoryMib - (v.MemoryMib % memory),
                    LocalDiskBytes = v.LocalDiskBytes - (v.LocalDiskBytes % disk),
                })),
            }).ToList();
            if (groups.All(g => g.Vectors.Count == 1) && groups.Count >= mostVectors)
                return summary with { Groups = [.. groups.Take(mostVectors)] };       // fewer promises, never more
            summary = summary with { Groups = groups };
        }
        return summary;
    }

    private static IReadOnlyList<FreeVector> Vectors(IEnumerable<KeyValuePair<HostShape, HostSet>> shapes) => Combine(shapes.Select(s =>
        new FreeVector(Math.Max(0, s.Key.Free.Vcpus), Math.Max(0, s.Key.Free.MemoryMib), Math.Max(0, s.Key.LocalFreeBytes), s.Value.Count)));

    private static IReadOnlyList<FreeVector> Combine(IEnumerable<FreeVector> vectors) =>
    [
        .. vectors.GroupBy(v => v with { Hosts = 0 }).Select(g => g.Key with { Hosts = g.Sum(v => v.Hosts) })
            .OrderBy(v => v.MemoryMib).ThenBy(v => v.Vcpus).ThenBy(v => v.LocalDiskBytes),
    ];

    private static IReadOnlyList<SrId> SrsOf(string joined) =>
        joined.Length == 0 ? [] : [.. joined.Split(',').Select(s => new SrId(Guid.Parse(s)))];
}
