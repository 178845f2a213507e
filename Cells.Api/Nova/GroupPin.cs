using Cells.Api.Fleet;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>
/// Hard affinity: which compute cell a group is sent to. All of it must meet on one host, and only one cell can see to that. Pure.
/// </summary>
internal static class GroupPin
{
    /// <summary>
    /// The cell whose emptiest host has most memory free, among hosts that the request may have. Where there is no such host, any cell that the request may
    /// be sent to: it says why it has no room, and the request ends as any other without a valid host.
    /// </summary>
    /// <param name="only">A compute cell, or the cell next to the home that the way to it goes through.</param>
    /// <returns>Null when no cell is known.</returns>
    public static CellName? Choose(IReadOnlyList<FleetHost> hosts, string? zone, CellName? only, IReadOnlyCollection<CellName> not) =>
        Emptiest(hosts.Where(host => host.IsUp && !host.IsDisabled && (zone is null || host.Zone == zone) && MayBe(host, only, not)))
        ?? Emptiest(hosts.Where(host => MayBe(host, only, not)))
        ?? Emptiest(hosts);

    private static bool MayBe(FleetHost host, CellName? only, IReadOnlyCollection<CellName> not) =>
        (only is null || host.Row.Cell == only || host.Link == only) && !not.Contains(host.Row.Cell);

    private static CellName? Emptiest(IEnumerable<FleetHost> hosts) => hosts
        .OrderByDescending(host => host.Row.MemoryMib - host.Row.PromisedMemoryMib - host.Row.OutsideMemoryMib).ThenBy(host => host.Row.Cell)
        .Select(host => (CellName?)host.Row.Cell)
        .FirstOrDefault();
}
