using Cells.Api.Http;

namespace Cells.Api.Nova;

/// <summary>The compute API's routes about hosts, for operators: services, hypervisors, aggregates and availability zones.</summary>
internal sealed class NovaFleetRoutes(NovaServices services, NovaHypervisors hypervisors, NovaAggregates aggregates, NovaZones zones)
{
    private const string V = "/v2.1";

    public IEnumerable<ApiRoute> Routes =>
    [
        Get($"{V}/os-services", (r, stop) => services.ListAsync(r.Caller, r.Query, stop)).Takes("host", "binary"),
        Put($"{V}/os-services/{{id}}", (r, stop) => services.UpdateAsync(r.Caller, r.Route["id"], r.Body, stop)),
        Delete($"{V}/os-services/{{id}}", (r, stop) => services.DeleteAsync(r.Caller, r.Route["id"], stop)),

        Get($"{V}/os-hypervisors", (r, stop) => hypervisors.ListAsync(r.Caller, r.Query, detail: false, stop)).Takes(NovaHypervisors.Known),
        Get($"{V}/os-hypervisors/detail", (r, stop) => hypervisors.ListAsync(r.Caller, r.Query, detail: true, stop)).Takes(NovaHypervisors.Known),
        Get($"{V}/os-hypervisors/statistics", (r, stop) => hypervisors.StatisticsAsync(r.Caller, stop)).Until(87),
        Get($"{V}/os-hypervisors/{{id}}", (r, stop) => hypervisors.ShowAsync(r.Caller, r.Route["id"], r.Query, stop)).Takes("with_servers"),
        Get($"{V}/os-hypervisors/{{id}}/uptime", (r, stop) => hypervisors.UptimeAsync(r.Caller, r.Route["id"], stop)).Until(87),
        Get($"{V}/os-hypervisors/{{id}}/search", (r, stop) => hypervisors.SearchAsync(r.Caller, r.Route["id"], withServers: false, stop)).Until(52),
        Get($"{V}/os-hypervisors/{{id}}/servers", (r, stop) => hypervisors.SearchAsync(r.Caller, r.Route["id"], withServers: true, stop)).Until(52),

        Get($"{V}/os-aggregates", (r, stop) => aggregates.ListAsync(r.Caller, stop)),
        Post($"{V}/os-aggregates", (r, stop) => aggregates.CreateAsync(r.Caller, r.Body, stop)),
        Get($"{V}/os-aggregates/{{id}}", (r, stop) => aggregates.ShowAsync(r.Caller, r.Route["id"], stop)),
        Put($"{V}/os-aggregates/{{id}}", (r, stop) => aggregates.UpdateAsync(r.Caller, r.Route["id"], r.Body, stop)),
        Delete($"{V}/os-aggregates/{{id}}", (r, stop) => aggregates.DeleteAsync(r.Caller, r.Route["id"], stop)),
        Post($"{V}/os-aggregates/{{id}}/action", (r, stop) => aggregates.ActAsync(r.Caller, r.Route["id"], r.Body, stop)),

        Get($"{V}/os-availability-zone", (r, stop) => zones.ListAsync(r.Caller, detail: false, stop)),
        Get($"{V}/os-availability-zone/detail", (r, stop) => zones.ListAsync(r.Caller, detail: true, stop)),
    ];

    private static ApiRoute Get(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Get(ApiService.Compute, pattern, Access.Project, handle);

    private static ApiRoute Post(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Post(ApiService.Compute, pattern, Access.Project, handle);

    private static ApiRoute Put(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Put(ApiService.Compute, pattern, Access.Project, handle);

    private static ApiRoute Delete(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Delete(ApiService.Compute, pattern, Access.Project, handle);
}
