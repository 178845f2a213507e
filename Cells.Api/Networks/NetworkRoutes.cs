using System.Text.Json.Nodes;
using Cells.Api.Http;

namespace Cells.Api.Networks;

/// <summary>The network API's routes (Neutron v2.0): HTTP in, handlers' arguments out.</summary>
internal sealed class NetworkRoutes(NeutronNetworks networks, NeutronSubnets subnets, NeutronPorts ports, HomeOptions options)
{
    private readonly SecurityGroups _groups = new(options);

    // Those that change what the routes below answer (Neutron API v2.0, extensions).
    private static readonly (string Alias, string Name)[] Extensions =
        [("provider", "Provider Network"), ("quotas", "Quota management support"), ("security-group", "security-group"), ("net-mtu", "Network MTU")];

    public IEnumerable<ApiRoute> Routes =>
    [
        Get("/v2.0/networks", (r, stop) => networks.ListAsync(r.Caller, r.Query, stop)),
        Post("/v2.0/networks", (r, _) => networks.CreateAsync(r.Caller, r.Body)),
        Get("/v2.0/networks/{id}", (r, stop) => networks.ShowAsync(r.Caller, r.Route["id"], stop)),
        Delete("/v2.0/networks/{id}", (r, stop) => networks.DeleteAsync(r.Caller, r.Route["id"], stop)),

        Get("/v2.0/subnets", (r, stop) => subnets.ListAsync(r.Caller, r.Query, stop)),
        Post("/v2.0/subnets", (r, stop) => subnets.CreateAsync(r.Caller, r.Body, stop)).ForAdmins("create_subnet"),
        Get("/v2.0/subnets/{id}", (r, stop) => subnets.ShowAsync(r.Caller, r.Route["id"], stop)),
        Delete("/v2.0/subnets/{id}", (r, stop) => subnets.DeleteAsync(r.Caller, r.Route["id"], stop)),

        Get("/v2.0/ports", (r, stop) => ports.ListAsync(r.Caller, r.Query, stop)),
        Post("/v2.0/ports", (r, stop) => ports.CreateAsync(r.Caller, r.Body, stop)).ForMembers("create_port"),
        Get("/v2.0/ports/{id}", (r, stop) => ports.ShowAsync(r.Caller, r.Route["id"], stop)),
        Delete("/v2.0/ports/{id}", (r, stop) => ports.DeleteAsync(r.Caller, r.Route["id"], stop)),

        Get("/v2.0/security-groups", (r, _) => Task.FromResult(_groups.List(r.Caller, r.Query))),
        Get("/v2.0/security-groups/{id}", (r, _) => Task.FromResult(SecurityGroups.Show(r.Caller, r.Route["id"]))),
        Get("/v2.0/security-group-rules", (r, _) => Task.FromResult(_groups.Rules(r.Caller, r.Query))),
        Get("/v2.0/floatingips", (_, _) => Task.FromResult(NeutronList.Show("floatingips", new JsonArray()))),
        Get("/v2.0/routers", (_, _) => Task.FromResult(NeutronList.Show("routers", new JsonArray()))),

        Get("/v2.0/quotas/{project}", (r, stop) => ports.QuotaAsync(r.Caller, r.Route["project"], stop)),
        Get("/v2.0/quotas/{project}/default", (_, _) => Task.FromResult(NeutronQuotas.Show(ChargePort.DefaultLimit))),
        ApiRoute.Put(ApiService.Network, "/v2.0/quotas/{project}", Access.Project, (r, stop) => ports.SetQuotaAsync(r.Caller, r.Route["project"], r.Body, stop)).ForAdmins("update_quota"),
        Delete("/v2.0/quotas/{project}", (r, stop) => ports.ResetQuotaAsync(r.Caller, r.Route["project"], stop)).ForAdmins("delete_quota"),

        Get("/v2.0/extensions", (_, _) => Task.FromResult(NeutronList.Show("extensions", new JsonArray([.. Extensions.Select(Extension)])))),
        Get("/v2.0/extensions/{alias}", (r, _) => Task.FromResult(Array.Find(Extensions, e => e.Alias == r.Route["alias"]) is { Alias: not null } found
            ? NeutronList.Show("extension", Extension(found))
            : ApiResult.NotFound($"Extension with alias {r.Route["alias"]} does not exist"))),
    ];

    private static JsonObject Extension((string Alias, string Name) extension) => new()
    {
        ["alias"] = extension.Alias,
        ["name"] = extension.Name,
        ["description"] = extension.Name,
        ["updated"] = "2012-09-07T10:00:00-00:00",
        ["links"] = new JsonArray(),
    };

    private static ApiRoute Get(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Get(ApiService.Network, pattern, Access.Project, handle);

    private static ApiRoute Post(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Post(ApiService.Network, pattern, Access.Project, handle);

    private static ApiRoute Delete(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Delete(ApiService.Network, pattern, Access.Project, handle);
}
