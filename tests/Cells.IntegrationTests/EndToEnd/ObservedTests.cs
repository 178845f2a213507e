using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>What happens to hosts and VMs behind our back is shown as it is.</summary>
[NonParallelizable]
public sealed class ObservedTests
{
    private static readonly TimeSpan Seconds = TimeSpan.FromSeconds(10);

    [Test]
    public async Task A_server_whose_guest_powers_itself_off_shows_as_stopped_within_seconds()
    {
        var up = await SharedTree.UpAsync();
        using var cloud = await up.EnterAsync();
        var sim = await up.SimAsync();
        var server = await cloud.CreateAsync("guest", await cloud.NewImageAsync("guest"));
        await cloud.UntilAsync(server, Seconds * 3, "ACTIVE");

        await sim.InjectAsync(new SimFault.GuestEnds((await sim.AccountAsync()).DomainOf(server).VmUuid, GuestEnd.Shutdown));

        var shown = await cloud.UntilAsync(server, Seconds, "SHUTOFF");
        Assert.That((shown.Power, shown.Task), Is.EqualTo((4, (string?)null)), "power_state SHUTDOWN, nothing pending");
        await cloud.DeleteAsync(server);
        await Eventually.SeeAsync("the stopped server is gone", Seconds * 3, cloud.ServersAsync, all => all.All(s => s.Id != server));
        Assert.That((await sim.AccountAsync()).Vms, Does.Not.Contain(server));
    }

    [Test]
    public async Task A_host_that_loses_its_power_shows_in_the_tree_and_comes_back()
    {
        var up = await SharedTree.UpAsync();
        var sim = await up.SimAsync();
        Assert.That(await UpAsync(up), Is.EqualTo("8 of 8"));

        await sim.InjectAsync(new SimFault.PowerLoss("west-2-h08", OffFor: TimeSpan.FromSeconds(25)));

        await Eventually.SeeAsync("one host of west-2 is not up", TimeSpan.FromSeconds(25), () => UpAsync(up), seen => seen == "7 of 8");
        // The tree is told by news, each second and hop: it may be a moment behind the rows.
        await Eventually.SeeAsync("the tree shows it", Seconds, async () => (await up.CellsAsync("tree")).Out, seen => seen.Contains("west-2  7/8 hosts up"));
        var hosts = await up.CellsJsonAsync("hosts");
        Assert.That(hosts["hosts"]!.AsArray().Where(h => (string)h!["status"]! != "up").Select(h => (string)h!["name"]!), Is.EqualTo(new[] { "west-2-h08" }));
        await Eventually.SeeAsync("the host is back", TimeSpan.FromSeconds(45), () => UpAsync(up), seen => seen == "8 of 8");
    }

    private static async Task<string> UpAsync(CellsUp up)
    {
        using var cloud = await up.EnterAsync();
        var hosts = (await cloud.HostsAsync()).Where(h => (string)h!["cell"]! == "west-2").ToList();
        return $"{hosts.Count(h => (string)h!["status"]! == "up")} of {hosts.Count}";
    }
}
