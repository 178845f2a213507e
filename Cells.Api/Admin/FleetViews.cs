using Cells.Api.Fleet;
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

    /// <summary>Whether the hypervisor itself takes new VMs; null from a cell that does not say.</summary>
    public bool? Enabled { get; init; }

    /// <summary>An operator has disabled it: it takes no new instances.</summary>
    public bool Disabled { get; init; }

    public string? DisabledReason { get; init; }

    /// <summary>An operator empties it for service: it takes no new instances, and those that can leave it do.</summary>
    public bool Draining { get; init; }

    /// <summary>How far that has come, and what cannot leave and why; null when it is not drained, or its cell has not said.</summary>
    public HostDrain? Drain { get; init; }

    /// <summary>An operator has said that it is down.</summary>
    public bool ForcedDown { get; init; }

    /// <summary>Who has said that it surely runs nothing any more, with the reason and the time; null without such a proof.</summary>
    public FenceView? Fence { get; init; }

    internal static HostView Of(FleetHost host, CellAge age) => Of(host.Row, age) with
    {
        Disabled = host.Setting is { Disabled: true }, DisabledReason = host.DisabledReason, ForcedDown = host.IsForcedDown,
        Fence = host.Fence is { } fence ? new FenceView(fence.Who, fence.Why, fence.At) : null,
        Draining = host.Setting is { Draining: true },
    };

    private static HostView Of(HostRow row, CellAge age) => new(
        row.Host.Value, row.Cell.Value, row.Pool.Value, row.Name, row.Address, row.Generation, row.Status, row.Vcpus, row.MemoryMib, row.PromisedVcpus,
        row.PromisedMemoryMib, row.OutsideMemoryMib, row.SrBytes, row.PromisedSrBytes, row.Instances, row.UpdatedAt, age.Silent, age.HeardSecondsAgo)
    {
        Zone = row.Zone, SettingNumber = row.SettingNumber, Enabled = row.Enabled, Drain = row.Drain,
    };
}

/// <param name="At">By the clock of the cell whose door was told.</param>
public sealed record FenceView(string Who, string Why, DateTimeOffset At);

/// <summary>GET /cells/v1/pools: the XenAPI pools below, as their cells stand to them, and summed over the rows of their hosts.</summary>
public sealed record PoolList(IReadOnlyList<PoolView> Pools);

/// <summary>A pool of a cell's configuration; a standalone host is a pool of one.</summary>
/// <param name="Pool">Null for one that was never reached.</param>
/// <param name="Name">As configured in its cell; null from a cell that does not tell.</param>
/// <param name="Status">connecting, managed, refused; null from a cell that does not tell.</param>
/// <param name="Why">How it is reached, or what prevents that and what to do.</param>
/// <param name="Since">When its status became what it is, by the compute cell's clock.</param>
/// <param name="Coordinator">Name of the host that coordinates.</param>
/// <param name="Members">Names of its hosts, in order.</param>
public sealed record PoolView(
    Guid? Pool,
    string? Name,
    string Cell,
    string? Status,
    string? Why,
    DateTimeOffset? Since,
    string? Coordinator,
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
    /// <param name="row">Null: the cell shows hosts of it only; then there is at least one.</param>
    internal static PoolView Of(PoolRow? row, IReadOnlyList<HostView> hosts, CellAge age) => new(
        row?.Pool?.Value ?? (hosts is [var first, ..] ? first.Pool : null), row?.Name, row?.Cell.Value ?? hosts[0].Cell, row?.Status, row?.Why, row?.Since, row?.Coordinator,
        hosts.Count, hosts.Count(h => h.Status == "up"), [.. hosts.Select(h => h.Name).Order(StringComparer.Ordinal)],
        hosts.Sum(h => h.Instances), hosts.Sum(h => (long)h.Vcpus), hosts.Sum(h => h.MemoryMib), hosts.Sum(h => (long)h.PromisedVcpus),
        hosts.Sum(h => h.PromisedMemoryMib), hosts.Sum(h => h.OutsideMemoryMib), age.Silent, age.HeardSecondsAgo);
}
