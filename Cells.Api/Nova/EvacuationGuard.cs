using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>
/// What must be so before a server's cell is asked to start it elsewhere (Nova API, evacuate): its host is down, and somebody has proved that it runs nothing.
/// The cell judges it again, by what it hears itself.
/// </summary>
internal sealed class EvacuationGuard(SeenFleet fleet)
{
    /// <param name="from">Where the server is.</param>
    /// <param name="to">The host that is asked for, by name; null for any.</param>
    /// <returns>Null when it may go on.</returns>
    public async Task<ApiResult?> RefuseAsync(HostId? from, string? to, CancellationToken stop)
    {
        var hosts = await fleet.HostsAsync(stop);
        if (from is null || hosts.FirstOrDefault(host => host.Row.Host == from) is not { } lost)
            return ApiResult.Conflict("The server is on no host that its cell reports, so there is nothing to evacuate it from. `cells explain` tells what became of it.");
        if (lost.IsUp)
            return ApiResult.BadRequest($"Compute service of {lost.Row.Name} is still in use.");
        if (to is not null && to == lost.Row.Name)
            return ApiResult.BadRequest("The target host can't be the same one.");
        if (to is not null && hosts.All(host => host.Row.Name != to))
            return ApiResult.NotFound($"Compute host {to} not found.");
        return lost.Fence is null
            ? ApiResult.Conflict(
                $"Host {lost.Row.Name} is not heard, and that alone does not prove that it runs nothing: a server that is started elsewhere might run twice. "
                + $"Power the host off, make sure, and say so with `cells host fenced {lost.Row.Name} --reason \"...\"`; then ask again.")
            : null;
    }
}
