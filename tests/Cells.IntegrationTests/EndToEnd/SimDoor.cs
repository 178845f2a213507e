using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using Cells.XenSim.Fleet;
using Cells.XenSim.Http;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>The simulated hosts' own door: what really runs on them, and what shall go wrong. No part of the product uses it.</summary>
internal sealed class SimDoor(Uri control)
{
    private static readonly HttpClient Http = new();

    /// <summary>Where the simulator of a data directory listens.</summary>
    public static async Task<Uri> ControlOfAsync(string data)
    {
        using var ready = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(data, "hosts", "xensim.ready")));
        return new Uri(ready.RootElement.GetProperty("control").GetString()!);
    }

    public async Task<Accounts> AccountAsync() =>
        new((await Http.GetFromJsonAsync<HostAccount[]>(new Uri(control, "/_sim/accounting"), ControlDoor.Json))!);

    /// <param name="host">Null: every host, or the one that the fault names.</param>
    public async Task InjectAsync(SimFault fault, string? host = null)
    {
        using var answer = await Http.PostAsJsonAsync(new Uri(control, $"/_sim/faults{(host is null ? "" : $"?host={host}")}"), fault, ControlDoor.Json);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NoContent), await answer.Content.ReadAsStringAsync());
    }
}

/// <summary>What the simulated hosts hold, told apart by the stamps on it.</summary>
internal sealed record Accounts(IReadOnlyList<HostAccount> Hosts)
{
    private const string Stamp = "cells-instance";

    /// <summary>Instance of each domain that carries a stamp.</summary>
    public IReadOnlyList<string> Domains => [.. Hosts.SelectMany(h => h.Domains).Where(d => d.OtherConfig.ContainsKey(Stamp)).Select(d => d.OtherConfig[Stamp])];

    /// <summary>Instance of each VM record, running or not.</summary>
    public IReadOnlyList<string> Vms => [.. Hosts.SelectMany(h => h.Vms).Where(v => v.OtherConfig.ContainsKey(Stamp)).Select(v => v.OtherConfig[Stamp])];

    /// <summary>Disks that are neither a cached image nor what a clone leaves hidden below itself.</summary>
    public IReadOnlyList<DiskAccount> DisksOfInstances => [.. Hosts.SelectMany(h => h.Disks).Where(d => d.Managed && !IsCachedImage(d))];

    public DomainAccount DomainOf(string instance) => Hosts.SelectMany(h => h.Domains).Single(d => d.OtherConfig.GetValueOrDefault(Stamp) == instance);

    public IReadOnlyList<string> MacsOf(string instance) => Hosts.SelectMany(h => h.Vms).First(v => v.OtherConfig.GetValueOrDefault(Stamp) == instance).Macs;

    public string HostOf(string instance) => Hosts.Single(h => h.Domains.Any(d => d.OtherConfig.GetValueOrDefault(Stamp) == instance)).Name;

    private static bool IsCachedImage(DiskAccount disk) =>
        disk.OtherConfig.ContainsKey("cells-image") && disk.OtherConfig.GetValueOrDefault("cells-self") == disk.Uuid;
}
