using Cells.Api.Http;

namespace Cells.Api.Nova;

/// <summary>The compute API's routes about server groups.</summary>
internal sealed class NovaGroupRoutes(NovaServerGroups groups)
{
    private const string V = "/v2.1";

    public IEnumerable<ApiRoute> Routes =>
    [
        ApiRoute.Get(ApiService.Compute, $"{V}/os-server-groups", Access.Project, (r, stop) => groups.ListAsync(r.Caller, r.Query, stop)).Takes(NovaServerGroups.Known),
        ApiRoute.Post(ApiService.Compute, $"{V}/os-server-groups", Access.Project, (r, stop) => groups.CreateAsync(r.Caller, r.Body, stop)),
        ApiRoute.Get(ApiService.Compute, $"{V}/os-server-groups/{{id}}", Access.Project, (r, stop) => groups.ShowAsync(r.Caller, r.Route["id"], stop)),
        ApiRoute.Delete(ApiService.Compute, $"{V}/os-server-groups/{{id}}", Access.Project, (r, stop) => groups.DeleteAsync(r.Caller, r.Route["id"], stop)),
    ];
}
