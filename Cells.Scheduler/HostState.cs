using Cells.Contracts;

namespace Cells.Scheduler;

/// <summary>A host as the placer sees it: all that filters and weighers may ask.</summary>
/// <param name="Unavailable">Why it takes nothing new (down, suspect, maintenance, disabled); null when it may.</param>
/// <param name="Free">Within allocation ratio and reserve; negative when outside use overfilled it.</param>
/// <param name="Capacity">What it has after ratio and reserve.</param>
/// <param name="LocalSr">The SR that only this host sees, with its free bytes; null when it has none.</param>
/// <param name="SharedSrs">SRs that other hosts see too.</param>
public sealed record HostState(
    HostId Id,
    string Name,
    string HostClass,
    string Zone,
    string? Unavailable,
    HostResources Free,
    HostResources Capacity,
    LocalSr? LocalSr,
    IReadOnlyList<SrId> SharedSrs)
{
    /// <summary>Physical CPUs: no VM may have more vCPUs, whatever the allocation ratio (XenAPI: HOST_NOT_ENOUGH_PCPUS).</summary>
    public int Cpus { get; init; } = int.MaxValue;

    /// <summary>The XenServer pool that it is a member of.</summary>
    public PoolId Pool { get; init; }

    /// <summary>Networks that it has an interface on, by the keys that requests name them by.</summary>
    public NetworkSet Networks { get; init; }

    /// <summary>What the host's aggregates promise of it, as <see cref="AggregateTraits"/> writes it.</summary>
    public string Aggregates { get; init; } = "";

    /// <summary>Hosts with equal shapes are one candidate: what decides is the same for all of them.</summary>
    internal HostShape Shape => new(
        HostClass, Zone, Unavailable, Free, Capacity, LocalSr?.FreeBytes ?? -1, string.Join(',', SharedSrs.Select(s => s.Value)), Cpus, Networks)
    {
        Aggregates = Aggregates,
    };
}

public readonly record struct LocalSr(SrId Id, long FreeBytes);

/// <summary>Everything about a host that a filter or weigher may look at, except who it is. Ordered, so that a walk over shapes repeats.</summary>
/// <param name="LocalFreeBytes">-1 without a local SR.</param>
/// <param name="SharedSrs">Ids joined by commas.</param>
public readonly record struct HostShape(
    string HostClass, string Zone, string? Unavailable, HostResources Free, HostResources Capacity, long LocalFreeBytes, string SharedSrs, int Cpus,
    NetworkSet Networks)
    : IComparable<HostShape>
{
    public string Aggregates { get; init; } = "";

    public int CompareTo(HostShape other)
    {
        // Free memory first: the walk then meets small holes before large ones.
        var by = Free.MemoryMib.CompareTo(other.Free.MemoryMib);
        if (by == 0) by = Free.Vcpus.CompareTo(other.Free.Vcpus);
        if (by == 0) by = LocalFreeBytes.CompareTo(other.LocalFreeBytes);
        if (by == 0) by = Capacity.MemoryMib.CompareTo(other.Capacity.MemoryMib);
        if (by == 0) by = Capacity.Vcpus.CompareTo(other.Capacity.Vcpus);
        if (by == 0) by = Cpus.CompareTo(other.Cpus);
        if (by == 0) by = string.CompareOrdinal(HostClass, other.HostClass);
        if (by == 0) by = string.CompareOrdinal(Zone, other.Zone);
        if (by == 0) by = string.CompareOrdinal(Unavailable, other.Unavailable);
        if (by == 0) by = string.CompareOrdinal(SharedSrs, other.SharedSrs);
        if (by == 0) by = string.CompareOrdinal(Aggregates, other.Aggregates);
        return by != 0 ? by : Networks.CompareTo(other.Networks);
    }

    public static bool operator <(HostShape left, HostShape right) => left.CompareTo(right) < 0;
    public static bool operator >(HostShape left, HostShape right) => left.CompareTo(right) > 0;
    public static bool operator <=(HostShape left, HostShape right) => left.CompareTo(right) <= 0;
    public static bool operator >=(HostShape left, HostShape right) => left.CompareTo(right) >= 0;
}
