using Cells.Compute;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Host.Configuration;

namespace Cells.Host.Up;

/// <summary>Which hypervisors a compute cell logs in to: those its configuration names, and those that are simulated for it.</summary>
internal static class ComputeHosts
{
    /// <exception cref="CellsException">A password file cannot be read, or others may read it.</exception>
    public static IReadOnlyList<HostLogin> Of(TopologyCell cell, SimulatedFleet? fleet, string simulatedPassword) =>
    [
        .. cell.Hosts.Select(h => new HostLogin(AddressOf(h.Url), new XenCredentials(h.User, Password(h))) { Members = [.. h.Members.Select(AddressOf)] }),
        .. (fleet?.Hosts ?? [])
            .Where(h => h.Name.StartsWith($"{cell.Name}-h", StringComparison.Ordinal)
                || cell.SimulatedPools.Any(p => h.Name.StartsWith($"{cell.Name}-{p.Name}-h", StringComparison.Ordinal)))
            .GroupBy(h => h.Pool)
            .Select(pool => new HostLogin(AddressOf(pool.First().Url), new XenCredentials("root", simulatedPassword)) { Members = [.. pool.Skip(1).Select(m => AddressOf(m.Url))] }),
    ];

    private static HostAddress AddressOf(Uri url) => HostAddress.Parse(url.GetLeftPart(UriPartial.Authority));

    private static string Password(RealHost host) => SecretText.Read(host.PasswordFile, $"The password of host {host.Url}");
}
