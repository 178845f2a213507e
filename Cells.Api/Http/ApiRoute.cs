namespace Cells.Api.Http;

/// <summary>One method on one path of one service.</summary>
/// <param name="Pattern">ASP.NET route pattern below the service's base path, such as <c>/servers/{id}</c>.</param>
public sealed record ApiRoute(
    ApiService Service, string Method, string Pattern, Access Access, BodyShape Body, Func<ApiRequest, CancellationToken, Task<ApiResult>> Handle)
{
    /// <summary>First and last minor version of the compute API that has the route: outside of them it is 404. Both 0 for every version.</summary>
    public (int First, int Last) Versions { get; init; }

    /// <summary>The route from 2.<paramref name="first"/> on.</summary>
    public ApiRoute Since(int first) => this with { Versions = (first, Versions.Last) };

    /// <summary>The route up to 2.<paramref name="last"/>.</summary>
    public ApiRoute Until(int last) => this with { Versions = (Versions.First, last) };

    /// <summary>The query parameters that the compute API knows here; null where it takes whatever comes. Others are 400 from 2.75 on.</summary>
    public IReadOnlyCollection<string>? Query { get; init; }

    public ApiRoute Takes(params string[] query) => this with { Query = query };

    /// <summary>The role that the service's policy asks for, and what it calls the action; null where the handler judges, or nobody is kept out.</summary>
    public (RouteRole Role, string Action)? Policy { get; init; }

    /// <summary>Anyone else is answered 403, after the body's syntax was judged.</summary>
    public ApiRoute ForAdmins(string action) => this with { Policy = (RouteRole.Admin, action) };

    /// <summary>For those who change things of their project: a reader is answered 403.</summary>
    public ApiRoute ForMembers(string action) => this with { Policy = (RouteRole.Member, action) };

    internal ApiResult? RefusalBy(RequestContext caller) =>
        Policy is not var (role, action) || (role == RouteRole.Admin ? caller.IsAdmin : caller.MayChange) ? null : ApiErrors.NotAllowed(Service, action);

    internal bool IsThereIn(Microversion version) => version.Minor >= Versions.First && (Versions.Last == 0 || version.Minor <= Versions.Last);

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

public enum RouteRole
{
    /// <summary>Whoever may change what belongs to the project.</summary>
    Member = 1,
    Admin = 2,
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
