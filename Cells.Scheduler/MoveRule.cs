using Cells.Contracts;

namespace Cells.Scheduler;

/// <summary>What a second place of an instance that has a VM must be: a VM never leaves its pool.</summary>
/// <param name="Pool">Null where it gets another VM: then any pool will do.</param>
/// <param name="NotHost">Where it is now, when it is to leave; null when it may stay.</param>
/// <param name="Disk">The SR of the disk that it takes along, which the host must see; null when it gets another disk there.</param>
/// <param name="OnlyHost">The one that was asked for, by name; null for any.</param>
public sealed record MoveRule(PoolId? Pool, HostId? NotHost, SrId? Disk, string? OnlyHost)
{
    /// <summary>Why not this host; null when it may be.</summary>
    public string? Reject(HostState host) =>
        Pool is { } pool && host.Pool != pool ? "in another pool"
        : host.Id == NotHost ? "it is there now"
        : OnlyHost is { } only && !string.Equals(host.Name, only, StringComparison.Ordinal) ? $"host '{only}' was asked for"
        : Disk is { } sr && !host.SharedSrs.Contains(sr) ? "does not see the storage repository of its disk"
        : null;
}
