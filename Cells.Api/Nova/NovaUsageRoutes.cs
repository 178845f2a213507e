using Cells.Api.Http;

namespace Cells.Api.Nova;

/// <summary>The compute API's routes about usage.</summary>
internal sealed class NovaUsageRoutes(NovaUsage usage)
{
    private const string Usage = "/v2.1/os-simple-tenant-usage";

    public IEnumerable<ApiRoute> Routes =>
    [
        ApiRoute.Get(ApiService.Compute, Usage, Access.Project, (r, stop) => usage.ListAsync(r.Caller, r.Query, stop)).Takes(NovaUsage.Known),
        ApiRoute.Get(ApiService.Compute, $"{Usage}/{{project}}", Access.Project, (r, stop) => usage.ShowAsync(r.Caller, r.Route["project"], r.Query, stop))
            .Takes(NovaUsage.Known),
    ];
}
