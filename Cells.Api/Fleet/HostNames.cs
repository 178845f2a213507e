using Cells.Api.Http;

namespace Cells.Api.Fleet;

/// <summary>Which host an operator means. Names are the hypervisors' own, and nothing keeps two of them from being equal.</summary>
internal static class HostNames
{
    /// <param name="name">A host's name, or its uuid, which stands for one host whatever it is called.</param>
    /// <returns>The host; or why none is meant: null in both when there is no such host.</returns>
    public static (FleetHost? Host, ApiResult? Refusal) Named(this IReadOnlyList<FleetHost> hosts, string name)
    {
        var found = hosts.Where(host => host.Row.Host.ToString() == name).ToList();
        if (found.Count == 0)
            found = [.. hosts.Where(host => host.Row.Name == name)];
        return found.Count < 2
            ? (found.FirstOrDefault(), null)
            : (null, ApiResult.Conflict(
                $"{found.Count} hosts are called {name}: {string.Join(", ", found.Select(host => $"{host.Row.Host} in cell {host.Row.Cell}"))}. Say which one by its id in place of the name."));
    }
}
