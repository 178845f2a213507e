using Cells.Api.Http;
using static Cells.Api.Nova.ComputeRoutes;

namespace Cells.Api.Nova;

/// <summary>The compute API's routes about hosts, for operators: services, hypervisors, aggregates and availability zones.</summary>
internal sealed class NovaFleetRoutes(NovaServices services, NovaHypervisors hypervisors, NovaAggregates aggregates, NovaZones zones)
{
    public IEnumerable<ApiRoute> Routes =>
    [
        Get($"{V}/os-services", (r, stop) => services.ListAsync(r.Caller, r.Query, stop)).Takes("host", "binary").ForAdmins("os-services:list"),
        Put($"{V}/os-services/{{id}}", (r, stop) => services.UpdateAsync(r.Caller, r.Route["id"], r.Body, stop)).ForAdmins("os-services:update"),
        Delete($"{V}/os-services/{{id}}", (r, stop) => services.DeleteAsync(r.Caller, r.Route["id"], stop)).ForAdmins("os-services:delete"),

        Get($"{V}/os-hypervisors", (r, stop) => hypervisors.ListAsync(r.Caller, r.Query, detail: false, stop)).Takes(NovaHypervisors.Known).ForAdmins("os-hypervisors:list"),
        Get($"{V}/os-hypervisors/detail", (r, stop) => hypervisors.ListAsync(r.Caller, r.Query, detail: true, stop)).Takes(NovaHypervisors.Known).ForAdmins("os-hypervisors:list"),
        Get($"{V}/os-hypervisors/statistics", (_, stop) => hypervisors.StatisticsAsync(stop)).Until(87).ForAdmins("os-hypervisors:statistics"),
        Get($"{V}/os-hypervisors/{{id}}", (r, stop) => hypervisors.ShowAsync(r.Caller, r.Route["id"], r.Query, stop)).Takes("with_servers").ForAdmins("os-hypervisors:show"),
        Get($"{V}/os-hypervisors/{{id}}/uptime", (r, stop) => hypervisors.UptimeAsync(r.Caller, r.Route["id"], stop)).Until(87).ForAdmins("os-hypervisors:uptime"),
        Get($"{V}/os-hypervisors/{{id}}/search", (r, stop) => hypervisors.SearchAsync(r.Caller, r.Route["id"], withServers: false, stop)).Until(52).ForAdmins("os-hypervisors:search"),
        Get($"{V}/os-hypervisors/{{id}}/servers", (r, stop) => hypervisors.SearchAsync(r.Caller, r.Route["id"], withServers: true, stop)).Until(52).ForAdmins("os-hypervisors:search"),

        Get($"{V}/os-aggregates", (r, stop) => aggregates.ListAsync(r.Caller, stop)).ForAdmins("os-aggregates:index"),
        Post($"{V}/os-aggregates", (r, stop) => aggregates.CreateAsync(r.Caller, r.Body, stop)).ForAdmins("os-aggregates:create"),
        Get($"{V}/os-aggregates/{{id}}", (r, stop) => aggregates.ShowAsync(r.Caller, r.Route["id"], stop)).ForAdmins("os-aggregates:show"),
        Put($"{V}/os-aggregates/{{id}}", (r, stop) => aggregates.UpdateAsync(r.Caller, r.Route["id"], r.Body, stop)).ForAdmins("os-aggregates:update"),
        Delete($"{V}/os-aggregates/{{id}}", (r, stop) => aggregates.DeleteAsync(r.Caller, r.Route["id"], stop)).ForAdmins("os-aggregates:delete"),
        Post($"{V}/os-aggregates/{{id}}/action", (r, stop) => aggregates.ActAsync(r.Caller, r.Route["id"], r.Body, stop)),

        Get($"{V}/os-availability-zone", (_, stop) => zones.ListAsync(detail: false, stop)),
        Get($"{V}/os-availability-zone/detail", (_, stop) => zones.ListAsync(detail: true, stop)).ForAdmins("os-availability-zone:detail"),
    ];
}
