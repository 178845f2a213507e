using System.Text.Json;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>Networks of a whole tree, with Debian's unmodified openstack client: what a key means to the hosts, and who hears that none has it.</summary>
[NonParallelizable]
public sealed class NetworkTreeTests
{
    private CellsUp _up = null!;

    [SetUp]
    public async Task StartAsync()
    {
        Needs.OpenStackClient();
        _up = await SharedTree.UpAsync();
        if (!(await _up.OpenStackJsonAsync("image", "list", "--name", "networked")).EnumerateArray().Any())
        {
            using var cloud = await _up.EnterAsync();
            await cloud.NewImageAsync("networked");
        }
    }

    [Test]
    public async Task A_server_on_a_network_that_no_host_carries_is_an_error_that_says_so_and_keeps_its_address_until_it_is_deleted()
    {
        await MakeNetworkAsync("lost", "nowhere", "10.40.0.0/24");
        try
        {
            await _up.OpenStackAsync("server", "create", "--flavor", "m1.tiny", "--image", "networked", "--network", "lost", "--wait", "adrift");
            var shown = await _up.OpenStackJsonAsync("server", "show", "adrift");
            var story = await _up.CellsAsync("explain", "adrift");
            var kept = (await _up.OpenStackJsonAsync("port", "list", "--network", "lost")).GetArrayLength();
            await _up.OpenStackAsync("server", "delete", "--wait", "adrift");
            var left = (await _up.OpenStackJsonAsync("port", "list", "--network", "lost")).GetArrayLength();

            Assert.That(shown.GetProperty("status").GetString(), Is.EqualTo("ERROR"));
            Assert.That(shown.GetProperty("fault").ToString(), Does.Contain("network 'nowhere'"));
            Assert.That(story.Out, Does.Contain("networks").And.Contain("no host below carries network 'nowhere'"), story.Error);
            Assert.That((kept, left), Is.EqualTo((1, 0)));
        }
        finally
        {
            await _up.OpenStackAsync("network", "delete", "lost");
        }
    }

    [Test]
    public async Task A_server_on_two_networks_has_an_interface_on_each_with_the_macs_of_its_ports()
    {
        await MakeNetworkAsync("bridged", "xenbr0", "10.41.0.0/24");
        try
        {
            var made = await _up.OpenStackJsonAsync(
                "server", "create", "--flavor", "m1.tiny", "--image", "networked", "--network", "default", "--network", "bridged", "--wait", "twofold");
            var ports = (await _up.OpenStackJsonAsync("port", "list", "--server", "twofold")).EnumerateArray().Select(port => port.GetProperty("MAC Address").GetString());
            var macs = (await (await _up.SimAsync()).AccountAsync()).MacsOf(made.GetProperty("id").GetString()!);
            await _up.OpenStackAsync("server", "delete", "--wait", "twofold");

            Assert.That(made.GetProperty("status").GetString(), Is.EqualTo("ACTIVE"), made.ToString());
            Assert.That(made.GetProperty("addresses").EnumerateObject().Select(network => network.Name), Is.EquivalentTo(new[] { "default", "bridged" }));
            Assert.That(macs, Is.EquivalentTo(ports));
            Assert.That(macs, Has.Count.EqualTo(2));
        }
        finally
        {
            await _up.OpenStackAsync("network", "delete", "bridged");
        }
    }

    private async Task<JsonElement> MakeNetworkAsync(string name, string key, string range)
    {
        var network = await _up.OpenStackJsonAsync("network", "create", name, "--provider-physical-network", key, "--provider-network-type", "flat");
        await _up.OpenStackJsonAsync("subnet", "create", name, "--network", name, "--subnet-range", range);
        return network;
    }
}
