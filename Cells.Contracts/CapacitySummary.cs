namespace Cells.Contracts;

/// <summary>
/// What a cell and everything below it can still take: the exact multiset of the healthy hosts' free vectors, grouped by what a request can tell
/// apart. Dated by what it counts, never by a clock: <see cref="CountsWorkUpTo"/> names the last work message of this link whose effect is in
/// it, and the parent subtracts every later dispatch itself.
/// </summary>
/// <param name="CountsWorkUpTo">Work number of the link from the receiving parent to the cell, 0 for none.</param>
public sealed record CapacitySummary(long CountsWorkUpTo, IReadOnlyList<HostGroup> Groups, IReadOnlyList<SharedSr> SharedSrs)
{
    public static readonly CapacitySummary Empty = new(0, [], []);
}

/// <summary>Hosts that differ only in what is free. A host's local SR (seen by it alone) is part of its vector; shared SRs are named.</summary>
/// <param name="Networks">Keys of the networks that each of them carries, in order; null from a cell that does not say.</param>
public sealed record HostGroup(
    string HostClass, string Zone, IReadOnlyList<SrId> SharedSrs, IReadOnlyList<FreeVector> Vectors, IReadOnlyList<string>? Networks = null);

/// <summary>So many hosts have exactly this free: vCPUs and memory within their allocation ratios and reserves, bytes on the local SR.</summary>
public readonly record struct FreeVector(int Vcpus, long MemoryMib, long LocalDiskBytes, int Hosts);

public sealed record SharedSr(SrId Sr, long FreeBytes);
