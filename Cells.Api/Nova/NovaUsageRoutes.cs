using Cells.Api.Http;
using static Cells.Api.Nova.ComputeRoutes;

namespace Cells.Api.Nova;

/// <summary>The compute API's routes about usage.</summary>
internal sealed class NovaUsageRoutes(NovaUsage usage)
{
    private const string Usage = "/v2.1/os-simple-tenant-usage";

    public IEnumerable<ApiRoute> Routes =>
    [
        Get(Usage, (r, stop) => usage.ListAsync(r.Caller, r.Query, stop)).Takes(NovaUsage.Known).ForAdmins("os-simple-tenant-usage:list"),
        Get($"{Usage}/{{project}}", (r, stop) => usage.ShowAsync(r.Caller, r.Route["project"], r.Query, stop))
            .Takes(NovaUsage.Known),
    ];
}
