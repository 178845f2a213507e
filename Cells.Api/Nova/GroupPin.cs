using Cells.Api.Fleet;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>
/// Hard affinity: which compute cell a group is sent to. All of it must meet on one host, and only one cell can see to that. Pure.
/// </summary>
internal static class GroupPin
{
    /// <summary>The cell that has the group already; else the one whose emptiest host has most memory free, among hosts that the request may have.</summary>
    /// <returns>Null when no host is known.</returns>
    public static CellName? Choose(ServerGroup group, IReadOnlyList<FleetHost> hosts, string? zone, CellName? only, IReadOnlyCollection<CellName> not)
    {
        if (group is { Cell: { } pinned, IsHeld: true })
            return pinned;
        return hosts
            .Where(host => host.IsUp && !host.IsDisabled && (zone is null || host.Zone == zone) && (only is null || host.Row.Cell == only) && !not.Contains(host.Row.Cell))
            .OrderByDescending(host => host.Row.MemoryMib - host.Row.PromisedMemoryMib - host.Row.OutsideMemoryMib).ThenBy(host => host.Row.Cell)
            .Select(host => (CellName?)host.Row.Cell)
            .FirstOrDefault();
    }
}
