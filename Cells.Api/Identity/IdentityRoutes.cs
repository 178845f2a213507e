using Cells.Api.Http;

namespace Cells.Api.Identity;

/// <summary>The identity API's routes (Keystone v3).</summary>
internal sealed class IdentityRoutes(KeystoneTokens tokens, Projects projects, Catalog catalog)
{
    public IEnumerable<ApiRoute> Routes =>
    [
        ApiRoute.Post(ApiService.Identity, "/v3/auth/tokens", Access.Anyone, (r, stop) => tokens.IssueAsync(r.Body, stop)),
        Get("/v3/auth/tokens", (r, stop) => tokens.ShowAsync(r.Token!, r.Header("X-Subject-Token"), stop)),
        ApiRoute.Delete(ApiService.Identity, "/v3/auth/tokens", Access.Token, (r, stop) => tokens.RevokeAsync(r.Token!, r.Header("X-Subject-Token"), stop)),
        Get("/v3/auth/catalog", (_, _) => Task.FromResult(catalog.Show())),
        Get("/v3/auth/projects", (r, stop) => projects.ListMineAsync(r.Token!, stop)),
        Get("/v3/projects", (r, stop) => projects.ListProjectsAsync(r.Token!, r.Query, stop)),
        Get("/v3/projects/{id}", (r, stop) => projects.ShowProjectAsync(r.Token!, r.Route["id"], stop)),
        Get("/v3/users", (r, stop) => projects.ListUsersAsync(r.Token!, r.Query, stop)),
        Get("/v3/users/{id}", (r, stop) => projects.ShowUserAsync(r.Token!, r.Route["id"], stop)),
        Get("/v3/domains", (r, stop) => projects.ListDomainsAsync(r.Token!, r.Query, stop)),
        Get("/v3/domains/{id}", (r, stop) => projects.ShowDomainAsync(r.Token!, r.Route["id"], stop)),
        Get("/v3/roles", (r, stop) => projects.ListRolesAsync(r.Token!, r.Query, stop)),
        ApiRoute.Post(ApiService.Identity, "/v3/projects", Access.Admin, (r, stop) => projects.CreateProjectAsync(r.Body, stop)),
        ApiRoute.Post(ApiService.Identity, "/v3/users", Access.Admin, (r, stop) => projects.CreateUserAsync(r.Body, stop)),
        new(ApiService.Identity, "PUT", "/v3/projects/{project}/users/{user}/roles/{role}", Access.Admin, BodyShape.None,
            (r, stop) => projects.GrantOnProjectAsync(r.Route["project"], r.Route["user"], r.Route["role"], stop)),
    ];

    private static ApiRoute Get(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Get(ApiService.Identity, pattern, Access.Token, handle);
}
