using System.Text.Json.Nodes;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>What an operator does when a hypervisor of the tree of `cells up` is gone for good, by the commands for it.</summary>
[NonParallelizable]
public sealed class LostHostTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public async Task Its_servers_go_elsewhere_once_somebody_says_that_it_runs_nothing()
    {
        var up = await SharedTree.UpAsync(TreeBus.InProcess);
        using var cloud = await up.EnterAsync();
        await cloud.LiftQuotaAsync();
        var server = await cloud.CreateAsync("on-a-lost-host", await cloud.NewImageAsync("lost"));
        await cloud.UntilAsync(server, Patience, "ACTIVE");
        var sim = await up.SimAsync();
        var host = (await sim.AccountAsync()).HostOf(server);

        var alive = await up.CellsAsync("host", "evacuate", host);
        var early = await up.CellsAsync("host", "fenced", host, "--reason", "none");
        await sim.InjectAsync(new SimFault.PowerLoss(host, TimeSpan.FromHours(1)), host);
        var down = await StatusAsync(cloud, host, "down");
        var pools = (await up.CellsJsonAsync("pool", "list"))["pools"]!.AsArray();
        var silent = await up.CellsAsync("host", "evacuate", host);
        var fenced = await up.CellsAsync("host", "fenced", host, "--reason", "the plug is pulled");
        var listed = (await up.CellsJsonAsync("host", "show", host))["fence"];
        var evacuated = await up.CellsAsync("host", "evacuate", host, "--wait");
        var there = (await sim.AccountAsync()).HostOf(server);

        await sim.InjectAsync(new SimFault.PowerOn(host), host);
        await StatusAsync(cloud, host, "up");
        await Eventually.SeeAsync("nothing of it is left on the host that is back", Patience, sim.AccountAsync, now => now.Vms.Count(vm => vm == server) == 1);

        Assert.That((alive.Code, alive.Said.Contains("still in use", StringComparison.Ordinal)), Is.EqualTo((1, true)), alive.Said);
        Assert.That(early.Said, Does.Contain("is heard by its cell"));
        Assert.That((string)pools.Single(p => (Guid?)p!["pool"] == (Guid?)down["pool"])!["status"]!, Is.EqualTo("connecting"));
        Assert.That((silent.Code, silent.Said.Contains("cells host fenced", StringComparison.Ordinal)), Is.EqualTo((1, true)), silent.Said);
        Assert.That((fenced.Code, (string?)listed?["why"]), Is.EqualTo((0, "the plug is pulled")), fenced.Said);
        Assert.That((evacuated.Code, there == host), Is.EqualTo((0, false)), evacuated.Said);
        await cloud.UntilAsync(server, Patience, "ACTIVE");
        await cloud.DeleteAsync(server);
    }

    private static async Task<JsonNode> StatusAsync(TestCloud cloud, string host, string status) => (await Eventually.SeeAsync(
        $"{host} is {status}", Patience, async () => (await cloud.HostsAsync()).Single(h => (string)h!["name"]! == host)!, h => (string)h["status"]! == status))!;
}
