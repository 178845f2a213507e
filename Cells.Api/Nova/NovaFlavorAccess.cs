using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Messaging.Storage;
using static Cells.Api.Nova.ComputeRoutes;

namespace Cells.Api.Nova;

/// <summary>Which projects may use a flavor that is not public (Nova API, os-flavor-access).</summary>
internal sealed class NovaFlavorAccess(FlavorStore flavors, QuotaStore quotas, ICommitter committer, IIdSource ids)
{
    public IEnumerable<ApiRoute> Routes =>
    [
        Get($"{V}/flavors/{{id}}/os-flavor-access", (r, stop) => ListAsync(r.Caller, r.Route["id"], stop)),
        Post($"{V}/flavors/{{id}}/action", (r, stop) => ActAsync(r.Caller, r.Route["id"], r.Body, stop)),
    ];

    public async Task<ApiResult> ListAsync(RequestContext caller, string id, CancellationToken stop)
    {
        if (await flavors.FindAsync(id, stop) is not { } flavor || !flavor.IsOpenTo(caller))
            return NovaFlavors.NoSuchFlavor(id);
        if (flavor.IsPublic)
            return ApiResult.NotFound("Access list not available for public flavors.");
        return caller.IsAdmin ? Shown(flavor) : ServerAccess.NotAllowed("os-flavor-access");
    }

    /// <summary>addTenantAccess, removeTenantAccess: 200 with the list as it is then.</summary>
    public async Task<ApiResult> ActAsync(RequestContext caller, string id, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, ReadAction, out var asked) is { } wrong)
            return wrong;
        if (!caller.IsAdmin)
            return ServerAccess.NotAllowed($"os-flavor-access:{(asked.Adds ? "add" : "remove")}_tenant_access");
        if (!Guid.TryParse(asked.Project, out var uuid) || await quotas.StandingAsync(new ProjectId(uuid), stop) is null)
            return NovaQuotas.NoSuchProject(asked.Project);
        var project = new ProjectId(uuid);
        var missed = await committer.TakeAsync(asked.Adds ? new GrantFlavor(id, project, ids.NewGuid()) : new RevokeFlavor(id, project, ids.NewGuid()));
        flavors.Forget(id);
        if (await flavors.FindAsync(id, stop) is not { } flavor)
            return NovaFlavors.NoSuchFlavor(id);
        if (missed is null)
            return Shown(flavor);
        return !asked.Adds ? ApiResult.NotFound($"Flavor access not found for {id} / {asked.Project} combination.")
            : flavor.IsPublic ? ApiResult.Conflict("Can not add access to a public flavor.")
            : ApiResult.Conflict($"Flavor access already exists for flavor {id} and project {asked.Project} combination.");
    }

    private static (bool Adds, string Project) ReadAction(BodyObject root)
    {
        var adds = root.Has("addTenantAccess");
        var action = root.Object(adds ? "addTenantAccess" : "removeTenantAccess");
        var project = action.Text("tenant");
        action.Close();
        return (adds, project);
    }

    private static ApiResult Shown(StoredFlavor flavor) => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WriteStartArray("flavor_access");
        foreach (var project in flavor.Projects)
        {
            w.WriteStartObject();
            w.WriteString("flavor_id", flavor.Flavor.Id);
            w.WriteString("tenant_id", project.ToString());
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    });
}
