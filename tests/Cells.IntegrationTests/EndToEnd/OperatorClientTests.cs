using System.Text.Json;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>What an operator does with Debian's unmodified openstack client on the tree of `cells up`, over each bus: it reaches the hosts.</summary>
[TestFixture(TreeBus.InProcess)]
[TestFixture(TreeBus.RabbitMq)]
[NonParallelizable]
public sealed class OperatorClientTests(TreeBus bus)
{
    [SetUp]
    public void RequireClient() => Needs.OpenStackClient();

    [Test]
    public async Task Hosts_are_seen_disabled_grouped_and_placed_by()
    {
        var up = await SharedTree.UpAsync(bus);
        using var cloud = await up.EnterAsync();
        await cloud.LiftQuotaAsync();
        var image = await cloud.NewImageAsync("operator");
        await Eventually.SeeAsync("every host is up", TimeSpan.FromSeconds(60),
            async () => (await up.OpenStackJsonAsync("compute", "service", "list")).EnumerateArray().Select(service => Text(service, "State")).ToList(),
            states => states.Count > 0 && states.All(state => state == "up"));

        var hypervisors = await up.OpenStackJsonAsync("hypervisor", "list");
        var host = Text(hypervisors[0], "Hypervisor Hostname");
        var other = Text(hypervisors[1], "Hypervisor Hostname");
        var shown = await up.OpenStackJsonAsync("hypervisor", "show", host);
        await RunAsync(up, "aggregate", "create", "fast", "--zone", "zone-fast");
        await RunAsync(up, "aggregate", "add", "host", "fast", host);
        await RunAsync(up, "aggregate", "set", "fast", "--property", "ssd=true");
        await FollowedAsync(cloud, host, 2);
        var aggregate = await up.OpenStackJsonAsync("aggregate", "show", "fast");
        var zones = await up.OpenStackJsonAsync("availability", "zone", "list");
        var created = await up.OpenStackJsonAsync("server", "create", "--flavor", "m1.tiny", "--image", image, "--availability-zone", "zone-fast", "--wait", "in-zone");
        await RunAsync(up, "compute", "service", "set", "--disable", "--disable-reason", "new memory", host, "nova-compute");
        await FollowedAsync(cloud, host, 3);
        var services = await up.OpenStackJsonAsync("compute", "service", "list", "--long");
        await up.OpenStackAsync("server", "create", "--flavor", "m1.tiny", "--image", image, "--availability-zone", "zone-fast", "--wait", "no-room");
        var fault = await up.OpenStackJsonAsync("server", "show", "no-room");
        await RunAsync(up, "server", "delete", "--wait", "in-zone", "no-room");
        await RunAsync(up, "compute", "service", "set", "--enable", host, "nova-compute");
        await RunAsync(up, "aggregate", "remove", "host", "fast", host);
        await RunAsync(up, "aggregate", "delete", "fast");
        var left = await up.OpenStackJsonAsync("aggregate", "list");

        Assert.That(Text(shown, "hypervisor_hostname"), Is.EqualTo(host));
        Assert.That(shown.GetProperty("memory_mb").GetInt64(), Is.Positive);
        Assert.That(aggregate.GetProperty("hosts").ToString(), Does.Contain(host).And.Not.Contain(other));
        Assert.That(aggregate.GetProperty("properties").ToString(), Does.Contain("ssd"));
        Assert.That(zones.EnumerateArray().Select(zone => Text(zone, "Zone Name")), Does.Contain("zone-fast"));
        Assert.That((Text(created, "status"), Text(created, "OS-EXT-AZ:availability_zone"), Text(created, "OS-EXT-SRV-ATTR:host")), Is.EqualTo(("ACTIVE", "zone-fast", host)));
        var service = services.EnumerateArray().Single(s => Text(s, "Host") == host);
        Assert.That((Text(service, "Status"), Text(service, "Disabled Reason"), Text(service, "Zone")), Is.EqualTo(("disabled", "new memory", "zone-fast")));
        Assert.That(fault.GetProperty("fault").ToString(), Does.Contain("No valid host was found"));
        Assert.That(left.EnumerateArray(), Is.Empty);
    }

    /// <summary>The host's cell follows what was said.</summary>
    private static async Task FollowedAsync(TestCloud cloud, string host, long number) => await Eventually.SeeAsync(
        $"{host} follows word {number}", TimeSpan.FromSeconds(30),
        async () => (await cloud.HostsAsync()).Single(h => (string)h!["name"]! == host)!["setting_number"]?.GetValue<long>(), followed => followed >= number);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static async Task RunAsync(CellsUp up, params string[] arguments)
    {
        var ended = await up.OpenStackAsync(arguments);
        Assert.That(ended.Code, Is.Zero, $"openstack {string.Join(' ', arguments)}: {ended.Said}");
    }
}
