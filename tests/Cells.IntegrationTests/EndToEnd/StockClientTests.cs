using System.Text.Json;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>Debian's unmodified openstack client against the tree that `cells up` makes, over each bus.</summary>
[TestFixture(TreeBus.InProcess)]
[TestFixture(TreeBus.RabbitMq)]
[NonParallelizable]
public sealed class StockClientTests(TreeBus bus)
{
    [SetUp]
    public void RequireClient() => Needs.OpenStackClient();

    [Test]
    public async Task The_first_commands_of_a_new_user_work_and_a_second_up_finds_the_server_again()
    {
        var up = await SharedTree.UpAsync(bus);
        var image = Path.Combine(up.Data, "disk.raw");
        await File.WriteAllBytesAsync(image, new byte[1_234_567]);                   // no round number: sizes are rounded up, zero-filled

        var token = await up.OpenStackProgramAsync("token", "issue", "-f", "value", "-c", "id");
        Assert.That(token.Code, Is.Zero, token.Said);
        Assert.That(token.Out.Trim(), Is.Not.Empty);

        var catalog = await up.OpenStackJsonAsync("catalog", "list");
        Assert.That(Names(catalog, "Type"), Is.SupersetOf(new[] { "identity", "compute", "image" }));

        var flavors = await up.OpenStackJsonAsync("flavor", "list");
        Assert.That(Names(flavors, "Name"), Does.Contain("m1.tiny"));
        Assert.That(flavors.EnumerateArray().Select(f => f.GetProperty("Disk").GetInt32()), Is.All.GreaterThan(0));

        await up.OpenStackJsonAsync("image", "create", "--disk-format", "raw", "--container-format", "bare", "--file", image, "first");
        var images = await up.OpenStackJsonAsync("image", "list");
        Assert.That(Named(images, "first").GetProperty("Status").GetString(), Is.EqualTo("active"));

        Assert.That((await up.OpenStackAsync("keypair", "create", "first")).Out, Does.StartWith("-----BEGIN"));
        var limits = await up.OpenStackJsonAsync("limits", "show", "--absolute");
        Assert.That(Named(limits, "maxTotalInstances").GetProperty("Value").GetInt32(), Is.Not.Zero);

        var networks = await up.OpenStackJsonAsync("network", "list");
        Assert.That(Names(networks, "Name"), Does.Contain("default"));

        var created = await up.OpenStackJsonAsync("server", "create", "--flavor", "m1.tiny", "--image", "first", "--key-name", "first", "--wait", "web");
        Assert.That(created.GetProperty("status").GetString(), Is.EqualTo("ACTIVE"));
        var id = created.GetProperty("id").GetString()!;

        var listed = Named(await up.OpenStackJsonAsync("server", "list", "--long"), "web");
        Assert.That(listed.GetProperty("Power State").GetRawText(), Is.EqualTo("1").Or.EqualTo("\"Running\""));
        var shown = await up.OpenStackJsonAsync("server", "show", "web");
        Assert.That(shown.GetProperty("OS-EXT-STS:vm_state").GetString(), Is.EqualTo("active"));
        Assert.That((await AccountAsync(up)).Domains.Count(d => d == id), Is.EqualTo(1), "one VM of the server runs on the simulated hosts");
        var address = shown.GetProperty("addresses").GetProperty("default")[0].GetString()!;
        var port = (await up.OpenStackJsonAsync("port", "list", "--server", "web"))[0];
        Assert.That(port.GetProperty("Fixed IP Addresses").ToString(), Does.Contain(address).And.Contain("10."));
        Assert.That((await AccountAsync(up)).MacsOf(id), Is.EqualTo(new[] { port.GetProperty("MAC Address").GetString() }), "the VM has the port's MAC");

        var usage = await up.OpenStackJsonAsync("usage", "show");
        Assert.That(usage.GetProperty("Servers").GetArrayLength(), Is.Positive, usage.ToString());
        Assert.That(Names(await up.OpenStackJsonAsync("server", "event", "list", "web"), "Action"), Is.EqualTo(new[] { "create" }));

        var story = await up.CellsAsync("explain", "web");
        Assert.That(story.Code, Is.Zero, story.Error);
        Assert.That(story.Out, Does.Contain("global chose cell").And.Contain("placed on host"));

        var before = (await AccountAsync(up)).DomainOf(id);
        Assert.That(await up.EndAsync(), Is.Zero, "SIGTERM ends it in order");
        up = await SharedTree.UpAsync(bus);
        Assert.That((await up.OpenStackJsonAsync("server", "show", "web")).GetProperty("status").GetString(), Is.EqualTo("ACTIVE"));
        var after = (await AccountAsync(up)).DomainOf(id);
        Assert.That((after.VmUuid, after.Domid, after.PowerState), Is.EqualTo((before.VmUuid, before.Domid, "Running")), "the same VM, never started again");

        var deleted = await up.OpenStackAsync("server", "delete", "--wait", "web");
        Assert.That(deleted.Code, Is.Zero, deleted.Said);
        var left = await AccountAsync(up);
        Assert.That(left.Vms, Does.Not.Contain(id));
        Assert.That(left.DisksOfInstances.Select(d => d.OtherConfig.GetValueOrDefault("cells-instance")), Does.Not.Contain(id));
    }

    [Test]
    public async Task Two_servers_of_an_anti_affinity_group_are_kept_apart()
    {
        var up = await SharedTree.UpAsync(bus);
        using var cloud = await up.EnterAsync();
        var image = await cloud.NewImageAsync("apart");

        var group = (await up.OpenStackJsonAsync("server", "group", "create", "--policy", "anti-affinity", "apart")).GetProperty("id").GetString()!;
        var created = await up.OpenStackJsonAsync("server", "create", "--flavor", "m1.tiny", "--image", image, "--hint", $"group={group}", "--min", "2", "--max", "2", "--wait", "apart");
        var servers = (await cloud.ServersAsync()).Where(s => s.Name.StartsWith("apart", StringComparison.Ordinal)).ToList();
        foreach (var server in servers)
            await cloud.UntilIdleAsync(server.Id, TimeSpan.FromSeconds(60), "ACTIVE");
        var shown = await up.OpenStackJsonAsync("server", "group", "show", group);
        var domains = (await AccountAsync(up)).Hosts.Select(h => h.Vms.Count(v => servers.Any(s => s.Id == v.OtherConfig.GetValueOrDefault("cells-instance")))).ToList();
        foreach (var server in servers)
            await cloud.DeleteAsync(server.Id);
        var dropped = await up.OpenStackAsync("server", "group", "delete", group);

        Assert.That(created.GetProperty("status").GetString(), Is.EqualTo("ACTIVE"));
        Assert.That(servers, Has.Count.EqualTo(2));
        Assert.That(shown.GetProperty("members").ToString(), Does.Contain(servers[0].Id).And.Contain(servers[1].Id));
        Assert.That((domains.Sum(), domains.Max()), Is.EqualTo((2, 1)), "both run, no host has two");
        Assert.That(dropped.Code, Is.Zero, dropped.Said);
    }

    private static async Task<Accounts> AccountAsync(CellsUp up) => await (await up.SimAsync()).AccountAsync();

    private static IEnumerable<string?> Names(JsonElement list, string key) => list.EnumerateArray().Select(s => s.GetProperty(key).GetString());

    private static JsonElement Named(JsonElement list, string name) => list.EnumerateArray().Single(e => e.GetProperty("Name").GetString() == name);
}
