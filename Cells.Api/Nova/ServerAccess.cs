using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>Which server a caller means, and whether it may be changed now. Another project's server looks like none.</summary>
internal static class ServerAccess
{
    /// <summary>Null for what is not there, is gone, or is another project's.</summary>
    public static async Task<Server?> FindAsync(this ServerStore store, RequestContext caller, string id, CancellationToken stop)
    {
        if (!Guid.TryParseExact(id, "D", out var uuid) || await store.FindAsync(new InstanceId(uuid), stop) is not { } server)
            return null;
        return server.View.VmState != VmState.Deleted && (caller.IsAdmin || server.Intent.Project == caller.Project) ? server : null;
    }

    /// <summary>Why the caller may not change what only the home knows of a server; null when it may.</summary>
    /// <param name="action">As it stands in Nova's refusal, such as <c>update metadata</c>.</param>
    public static ApiResult? Refusal(RequestContext caller, Server server, string action)
    {
        if (server.Intent.Desired == Desired.Deleted)
            return Conflict(server, action, "task_state", "deleting");
        return server.Intent.Lock is not null && !caller.IsAdmin ? ApiResult.Conflict($"Instance {server.Intent.Id} is locked") : null;
    }

    /// <summary>As above; and metadata and tags belong to a server that has come to be and is whole.</summary>
    public static ApiResult? RefusalOfDetails(RequestContext caller, Server server, string action) =>
        Refusal(caller, server, action)
        ?? (server.View.VmState is VmState.Active or VmState.Paused or VmState.Suspended or VmState.Stopped
            ? null : Conflict(server, action, "vm_state", server.View.VmState.Name()));

    public static ApiResult NoSuchServer(string id) => ApiResult.NotFound($"Instance {id} could not be found.");

    public static ApiResult NotAllowed(string action) => ApiErrors.NotAllowed(ApiService.Compute, action);

    private static ApiResult Conflict(Server server, string action, string attribute, string state) =>
        ApiResult.Conflict($"Cannot '{action}' instance {server.Intent.Id} while it is in {attribute} {state}");
}
