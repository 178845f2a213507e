using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>A day of a server, ordered by Debian's unmodified openstack client at the tree that `cells up` makes.</summary>
[NonParallelizable]
public sealed class StockClientActionTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [SetUp]
    public void RequireClient() => Needs.OpenStackClient();

    [Test]
    public async Task A_server_is_stopped_started_rebooted_paused_suspended_and_locked()
    {
        var up = await SharedTree.UpAsync();
        using var cloud = await up.EnterAsync();
        var id = await cloud.CreateAsync("day", await cloud.NewImageAsync("day"));
        await cloud.UntilAsync(id, Soon, "ACTIVE");

        foreach (var (words, status, shown) in new (string[] Words, string Status, string Shown)[]
        {
            (["stop"], "SHUTOFF", "Halted"),
            (["start"], "ACTIVE", "Running"),
            (["pause"], "PAUSED", "Paused"),
            (["unpause"], "ACTIVE", "Running"),
            (["suspend"], "SUSPENDED", "Suspended"),
            (["resume"], "ACTIVE", "Running"),
            (["reboot", "--wait"], "ACTIVE", "Running"),
            (["reboot", "--hard", "--wait"], "ACTIVE", "Running"),
        })
        {
            var said = await up.OpenStackAsync(["server", .. words, id]);
            Assert.That(said.Code, Is.Zero, $"{string.Join(' ', words)}: {said.Said}");
            await cloud.UntilIdleAsync(id, Soon, status);
            var vm = (await (await up.SimAsync()).AccountAsync()).Hosts.SelectMany(h => h.Vms).First(v => v.OtherConfig.GetValueOrDefault("cells-instance") == id);
            Assert.That(vm.PowerState, Is.EqualTo(shown), string.Join(' ', words));
        }

        var refused = await up.OpenStackAsync("server", "start", id);
        Assert.That(refused.Code, Is.Not.Zero);
        Assert.That(refused.Said, Does.Contain($"Cannot 'start' instance {id} while it is in vm_state active"));

        Assert.That((await up.OpenStackAsync("server", "lock", id)).Code, Is.Zero);
        Assert.That((await up.OpenStackJsonAsync("--os-compute-api-version", "2.73", "server", "show", id)).GetProperty("locked").GetBoolean(), Is.True);
        Assert.That((await up.OpenStackAsync("server", "unlock", id)).Code, Is.Zero);

        var log = await up.OpenStackJsonAsync("server", "event", "list", id);
        Assert.That(log.EnumerateArray().Select(e => e.GetProperty("Action").GetString()), Is.EqualTo(new[]
        {
            "unlock", "lock", "reboot", "reboot", "resume", "suspend", "unpause", "pause", "start", "stop", "create",
        }));
        var request = log.EnumerateArray().Last(e => e.GetProperty("Action").GetString() == "stop").GetProperty("Request ID").GetString()!;
        Assert.That((await up.OpenStackJsonAsync("server", "event", "show", id, request)).GetProperty("action").GetString(), Is.EqualTo("stop"));

        await cloud.DeleteAsync(id);
    }
}
