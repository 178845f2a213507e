using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cells.Api.Http;

/// <summary>Every service of an API cell under one listener, by path.</summary>
public static class CellsEndpoints
{
    private static readonly IReadOnlyDictionary<string, ApiRoute> None = new Dictionary<string, ApiRoute>();

    /// <summary>Maps the home's services and whatever routes are added to them (the admin API).</summary>
    public static IEndpointRouteBuilder MapCells(this IEndpointRouteBuilder endpoints, ApiHome home, IEnumerable<ApiRoute> more)
    {
        var logger = endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("Cells.Api");
        var closing = endpoints.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var door = new CellsDoor(home.Tokens, home.Ids, home.Options, logger, closing);
        foreach (var path in home.Routes.Concat(more).GroupBy(route => (route.Service, route.Pattern)))
        {
            var (service, pattern) = path.Key;
            var methods = path.ToDictionary(route => route.Method, StringComparer.Ordinal);
            var negotiates = service == ApiService.Compute && path.All(route => route.Access != Access.Anyone);
            foreach (var full in FullPatterns(service, pattern))
                endpoints.Map(full, http => door.AnswerAsync(http, service, methods, negotiates));
        }
        foreach (var service in Enum.GetValues<ApiService>())
            endpoints.Map($"{BasePath(service)}/{{**unknown}}", http => door.AnswerAsync(http, service, None, negotiates: service == ApiService.Compute));
        return endpoints;
    }

    public static string BasePath(ApiService service) => service switch
    {
        ApiService.Root => "",
        ApiService.Identity => "/identity",
        ApiService.Image => "/image",
        ApiService.Compute => "/compute",
        ApiService.Cells => "/cells/v1",
        ApiService.Network => "/network",
        _ => throw new ArgumentOutOfRangeException(nameof(service), service, "no such service"),
    };

    // Nova takes the project's id as an optional first part of every path (compulsory before 2.18).
    private static IEnumerable<string> FullPatterns(ApiService service, string pattern)
    {
        yield return BasePath(service) + pattern;
        const string version = "/v2.1/";
        if (service == ApiService.Compute && pattern.StartsWith(version, StringComparison.Ordinal) && pattern.Length > version.Length)
            yield return $"{BasePath(service)}{version}{{url_project}}/{pattern[version.Length..]}";
    }
}
