using Cells.Contracts;

namespace Cells.Api.Fleet;

/// <summary>The hosts below as this cell sees them now: what their cells last said, and whether these are heard.</summary>
internal sealed class SeenFleet(FleetStore store, ICellAges ages)
{
    /// <summary>By number: the order in which they were first heard of.</summary>
    public async Task<IReadOnlyList<FleetHost>> HostsAsync(CancellationToken stop)
    {
        var heard = await ages.ReadAsync(stop);
        return [.. (await store.HostsAsync(stop)).Select(host => host with { Age = heard.GetValueOrDefault(host.Row.Cell, CellAge.Unknown) })];
    }

    public Task<IReadOnlyList<HostedServer>> ServersAsync(IEnumerable<HostId> hosts, CancellationToken stop) => store.ServersAsync(hosts, stop);
}
