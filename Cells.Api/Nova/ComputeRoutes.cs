using Cells.Api.Http;

namespace Cells.Api.Nova;

/// <summary>Routes of the compute API, for tokens scoped to a project: to be used by name (<c>using static</c>).</summary>
internal static class ComputeRoutes
{
    /// <summary>The first part of every path.</summary>
    public const string V = "/v2.1";

    public static ApiRoute Get(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Get(ApiService.Compute, pattern, Access.Project, handle);

    public static ApiRoute Post(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Post(ApiService.Compute, pattern, Access.Project, handle);

    public static ApiRoute Put(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Put(ApiService.Compute, pattern, Access.Project, handle);

    public static ApiRoute Delete(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Delete(ApiService.Compute, pattern, Access.Project, handle);
}
