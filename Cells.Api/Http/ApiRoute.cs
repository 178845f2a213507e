namespace Cells.Api.Http;

/// <summary>One method on one path of one service.</summary>
/// <param name="Pattern">ASP.NET route pattern below the service's base path, such as <c>/servers/{id}</c>.</param>
public sealed record ApiRoute(
    ApiService Service, string Method, string Pattern, Access Access, BodyShape Body, Func<ApiRequest, CancellationToken, Task<ApiResult>> Handle)
{
    public static ApiRoute Get(ApiService service, string pattern, Access access, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        new(service, "GET", pattern, access, BodyShape.None, handle);

    public static ApiRoute Post(ApiService service, string pattern, Access access, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        new(service, "POST", pattern, access, BodyShape.Json, handle);

    public static ApiRoute Put(ApiService service, string pattern, Access access, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        new(service, "PUT", pattern, access, BodyShape.Json, handle);

    public static ApiRoute Delete(ApiService service, string pattern, Access access, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        new(service, "DELETE", pattern, access, BodyShape.None, handle);
}

/// <summary>Who may call a route. What a role may do to a thing is judged by its handler.</summary>
public enum Access
{
    Anyone = 1,
    Token = 2,

    /// <summary>A token that is scoped to a project.</summary>
    Project = 3,
    Admin = 4,
}

public enum BodyShape
{
    None = 1,

    /// <summary>application/json, at most 1 MiB and 32 levels deep.</summary>
    Json = 2,

    /// <summary>A JSON patch: application/openstack-images-v2.1-json-patch and its like.</summary>
    JsonPatch = 3,

    /// <summary>application/octet-stream of any length.</summary>
    Raw = 4,
}
