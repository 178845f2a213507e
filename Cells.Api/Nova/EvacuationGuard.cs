using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>
/// What must be so before a server's cell is asked to start it elsewhere (Nova API, evacuate): its host is down, and somebody has proved that it runs nothing.
/// The cell judges it again, by what it hears itself.
/// </summary>
internal sealed class EvacuationGuard(SeenFleet fleet)
{
    /// <param name="seen">
    /// The server, as its cell tells it. One that is ERROR and has no power state has no VM that anybody sees, as after a build anew that no host took: then
    /// the host of its row proves nothing, and the cell judges alone.
    /// </param>
    /// <param name="to">The host that is asked for, by name; null for any.</param>
    /// <returns>Null when it may go on.</returns>
    public async Task<ApiResult?> RefuseAsync(InstanceRow? seen, string? to, CancellationToken stop)
    {
        var hosts = await fleet.HostsAsync(stop);
        if (seen?.Host is not { } from || hosts.FirstOrDefault(host => host.Row.Host == from) is not { } lost)
            return ApiResult.Conflict("The server is on no host that its cell reports, so there is nothing to evacuate it from. `cells explain` tells what became of it.");
        var isNowhere = seen is { VmState: VmState.Error, PowerState: PowerState.NoState };
        if (!isNowhere && lost.IsUp)
            return ApiResult.BadRequest($"Compute service of {lost.Row.Name} is still in use.");
        if (!isNowhere && to is not null && to == lost.Row.Name)
            return ApiResult.BadRequest("The target host can't be the same one.");
        if (to is not null && hosts.All(host => host.Row.Name != to))
            return ApiResult.NotFound($"Compute host {to} not found.");
        return !isNowhere && lost.Fence is null
            ? ApiResult.Conflict(
                $"Host {lost.Row.Name} is not heard, and that alone does not prove that it runs nothing: a server that is started elsewhere might run twice. "
                + $"Power the host off, make sure, and say so with `cells host fenced {lost.Row.Name} --reason \"...\"`; then ask again.")
            : null;
    }
}
