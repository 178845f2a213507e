using Cells.Contracts;
using Cells.Scheduler;

namespace Cells.Compute.Hosts;

/// <summary>A host's row: what its pool last showed of it, and how far it is trusted.</summary>
/// <param name="Enabled">The hypervisor itself takes new VMs.</param>
/// <param name="MemoryMib">What VMs and their overhead can have.</param>
/// <param name="Srs">Plugged there, ordered by id.</param>
internal sealed record HostRecord(
    HostId Id, PoolId Pool, string Name, string Address, string Status, bool Enabled, int Vcpus, long MemoryMib, IReadOnlyList<SrId> Srs)
{
    /// <summary>Keys of the networks that it carries.</summary>
    public NetworkSet Networks { get; init; }

    /// <summary>Why it takes nothing new; null when it may.</summary>
    public string? Unavailable => Status != "up" ? Status : Enabled ? null : "disabled on the hypervisor";

    public bool SameAs(HostRecord? other) => other is not null && this with { Srs = other.Srs } == other && Srs.SequenceEqual(other.Srs);
}

internal sealed record SrRecord(SrId Id, PoolId Pool, string Name, string Type, bool Shared);
