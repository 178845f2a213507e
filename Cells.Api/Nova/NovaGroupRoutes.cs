using Cells.Api.Http;
using static Cells.Api.Nova.ComputeRoutes;

namespace Cells.Api.Nova;

/// <summary>The compute API's routes about server groups.</summary>
internal sealed class NovaGroupRoutes(NovaServerGroups groups)
{
    public IEnumerable<ApiRoute> Routes =>
    [
        Get($"{V}/os-server-groups", (r, stop) => groups.ListAsync(r.Caller, r.Query, stop)).Takes(NovaServerGroups.Known),
        Post($"{V}/os-server-groups", (r, stop) => groups.CreateAsync(r.Caller, r.Body, stop)).ForMembers("os-server-groups:create"),
        Get($"{V}/os-server-groups/{{id}}", (r, stop) => groups.ShowAsync(r.Caller, r.Route["id"], stop)),
        Delete($"{V}/os-server-groups/{{id}}", (r, stop) => groups.DeleteAsync(r.Caller, r.Route["id"], stop)).ForMembers("os-server-groups:delete"),
    ];
}
