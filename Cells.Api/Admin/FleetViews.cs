using Cells.Contracts.Messages;

namespace Cells.Api.Admin;

/// <summary>GET /cells/v1/hosts: hypervisors below, as their compute cells last reported them.</summary>
/// <param name="Next">Marker of the next page; null when this is the last one.</param>
public sealed record HostList(IReadOnlyList<HostView> Hosts, string? Next);

/// <summary>A host's row as its compute cell last committed it, and how old that may be.</summary>
/// <param name="Silent">Its cell, or one on the way to it, is not heard: the row is the last one known.</param>
/// <param name="HeardSecondsAgo">Age of the last news of its cell; null when none came since this cell started.</param>
public sealed record HostView(
    Guid Host,
    string Cell,
    Guid Pool,
    string Name,
    string Address,
    long Generation,
    string Status,
    int Vcpus,
    long MemoryMib,
    int PromisedVcpus,
    long PromisedMemoryMib,
    long OutsideMemoryMib,
    long SrBytes,
    long PromisedSrBytes,
    int Instances,
    DateTimeOffset UpdatedAt,
    bool Silent,
    double? HeardSecondsAgo)
{
    /// <summary>The availability zone that its cell places by.</summary>
    public string? Zone { get; init; }

    /// <summary>Up to which number its cell follows what operators said of it; null for nothing.</summary>
    public long? SettingNumber { get; init; }

    internal static HostView Of(HostRow row, CellAge age) => new(
        row.Host.Value, row.Cell.Value, row.Pool.Value, row.Name, row.Address, row.Generation, row.Status, row.Vcpus, row.MemoryMib, row.PromisedVcpus,
        row.PromisedMemoryMib, row.OutsideMemoryMib, row.SrBytes, row.PromisedSrBytes, row.Instances, row.UpdatedAt, age.Silent, age.HeardSecondsAgo)
    {
        Zone = row.Zone, SettingNumber = row.SettingNumber,
    };
}

/// <summary>GET /cells/v1/pools: the XenAPI pools below, summed over the rows of their hosts.</summary>
public sealed record PoolList(IReadOnlyList<PoolView> Pools);

/// <summary>A pool as its hosts' rows show it; a standalone host is a pool of one.</summary>
/// <param name="Members">Names of its hosts, in order.</param>
public sealed record PoolView(
    Guid Pool,
    string Cell,
    int Hosts,
    int HostsUp,
    IReadOnlyList<string> Members,
    int Instances,
    long Vcpus,
    long MemoryMib,
    long PromisedVcpus,
    long PromisedMemoryMib,
    long OutsideMemoryMib,
    bool Silent,
    double? HeardSecondsAgo)
{
    internal static PoolView Of(IReadOnlyList<HostView> hosts)
    {
        var first = hosts[0];
        return new PoolView(
            first.Pool, first.Cell, hosts.Count, hosts.Count(h => h.Status == "up"), [.. hosts.Select(h => h.Name).Order(StringComparer.Ordinal)],
            hosts.Sum(h => h.Instances), hosts.Sum(h => (long)h.Vcpus), hosts.Sum(h => h.MemoryMib), hosts.Sum(h => (long)h.PromisedVcpus),
            hosts.Sum(h => h.PromisedMemoryMib), hosts.Sum(h => h.OutsideMemoryMib), first.Silent, first.HeardSecondsAgo);
    }
}

/// <summary>How far what is known of a cell can be trusted.</summary>
internal readonly record struct CellAge(bool Silent, double? HeardSecondsAgo)
{
    /// <summary>Of a cell that no news named since this cell started.</summary>
    public static readonly CellAge Unknown = new(true, null);
}
