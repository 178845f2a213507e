using Cells.Contracts;

namespace Cells.Api.Fleet;

/// <summary>The hosts below as this cell sees them now: what their cells last said, and whether these are heard.</summary>
internal sealed class SeenFleet(FleetStore store, ICellAges ages)
{
    /// <summary>By number: the order in which they were first heard of.</summary>
    public async Task<IReadOnlyList<FleetHost>> HostsAsync(CancellationToken stop) => await AgedAsync(await store.HostsAsync(stop), stop);

    /// <summary>The same, with the instances on each that have a task under way.</summary>
    public async Task<IReadOnlyList<FleetHost>> HostsWithWorkAsync(CancellationToken stop) => await AgedAsync(await store.HostsWithWorkAsync(stop), stop);

    private async Task<IReadOnlyList<FleetHost>> AgedAsync(IReadOnlyList<FleetHost> hosts, CancellationToken stop)
    {
        var heard = await ages.ReadAsync(stop);
        return [.. hosts.Select(host => host with { Age = heard.GetValueOrDefault(host.Row.Cell, CellAge.Unknown) })];
    }

    public Task<IReadOnlyList<HostedServer>> ServersAsync(IEnumerable<HostId> hosts, CancellationToken stop) => store.ServersAsync(hosts, stop);
}
