using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Networks, subnets and ports (Neutron v2.0), and the interfaces of servers. Each test has a project with networks of its own.</summary>
[NonParallelizable]   // sets how the shared home's dispatcher answers
public sealed class NetworkTests
{
    private string _project = "", _token = "", _flavor = "", _image = "";

    private static HomeServer Home => SharedHome.Home;

    [SetUp]
    public async Task Begin()
    {
        (_project, _, _token) = await Home.NewProjectAsync();
        (_flavor, _image) = (await Home.NewFlavorAsync(), await Home.NewImageAsync());
        await Home.AdminAsync("PUT", $"/compute/v2.1/os-quota-sets/{_project}", HomeServer.Text(new { quota_set = new { instances = -1, cores = -1, ram = -1 } }));
    }

    [Test]
    public async Task A_server_of_a_project_with_one_network_gets_a_port_there_and_keeps_it_until_it_is_gone()
    {
        var network = await NewNetworkAsync("10.1.0.0/24");

        var server = Id(await Home.CreateServerAsync(_token, "web", _flavor, _image), "server");
        var port = (await Get($"/v2.0/ports?device_id={server}")).Json.GetProperty("ports").EnumerateArray().Single();
        var interfaces = (await Home.SendAsync("GET", $"/compute/v2.1/servers/{server}/os-interface", token: _token)).Json.GetProperty("interfaceAttachments")[0];
        var whileUsed = await Delete($"/v2.0/ports/{port.GetProperty("id").GetString()}");
        var networkInUse = await Home.AdminAsync("DELETE", $"/network/v2.0/networks/{network}");
        await Home.SendAsync("DELETE", $"/compute/v2.1/servers/{server}", token: _token);
        var after = (await Get("/v2.0/ports")).Json.GetProperty("ports").GetArrayLength();

        Assert.That(port.GetProperty("device_owner").GetString(), Is.EqualTo("compute:nova"));
        Assert.That(Ip(port), Does.StartWith("10.1.0.").And.Not.EqualTo("10.1.0.1").And.Not.EqualTo("10.1.0.255"));
        Assert.That(interfaces.GetProperty("mac_addr").GetString(), Is.EqualTo(port.GetProperty("mac_address").GetString()));
        Assert.That(interfaces.GetProperty("fixed_ips")[0].GetProperty("ip_address").GetString(), Is.EqualTo(Ip(port)));
        Assert.That((whileUsed.Status, networkInUse.Status), Is.EqualTo((409, 409)));
        Assert.That(whileUsed.Message, Does.Contain(server));
        Assert.That(after, Is.Zero, "its address went with it");
    }

    [Test]
    public async Task An_address_is_not_given_again_before_its_server_is_confirmed_gone()
    {
        Home.Dispatch.DeletesTakeTime = true;
        try
        {
            await NewNetworkAsync("10.2.0.0/30");                     // two addresses, one of them the gateway's
            var first = Id(await Home.CreateServerAsync(_token, "a", _flavor, _image), "server");
            await Home.SendAsync("DELETE", $"/compute/v2.1/servers/{first}", token: _token);

            var early = await Home.CreateServerAsync(_token, "b", _flavor, _image);
            await Home.Committer.CommitAsync(new Change([.. new HomeIntents().Terminated(new InstanceId(Guid.Parse(first)), DateTimeOffset.UtcNow)]));
            var late = await Home.CreateServerAsync(_token, "b", _flavor, _image);

            Assert.That((early.Status, late.Status), Is.EqualTo((409, 202)), early.ToString());
            Assert.That(early.Message, Does.StartWith("No more IP addresses available"));
        }
        finally
        {
            Home.Dispatch.DeletesTakeTime = false;
        }
    }

    [Test]
    public async Task Whatever_two_nodes_create_at_once_every_address_is_given_once_and_every_address_is_given()
    {
        await NewNetworkAsync("10.3.0.0/26");                         // 61 addresses
        await using var other = new SecondNode(Home);
        var caller = new RequestContext(new UserId(Guid.NewGuid()), new ProjectId(Guid.Parse(_project)), ["member"], "req-test", null);
        var asked = CreateServer.Of("x", _flavor, new ImageId(Guid.Parse(_image)));

        var left = 100;
        var statuses = new List<int>();
        while (left > 0)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, left).Select(i => (i % 2 == 0 ? Home.Home : other.Home).Servers.CreateAsync(caller, asked, CancellationToken.None)));
            statuses.AddRange(answers.Select(answer => answer.Status).Where(status => status != 503));
            left = answers.Count(answer => answer.Status == 503);     // lost every race of its tries: comes again, as it is told to
        }

        var given = await Home.Database.QueryAsync<string>($"select host(ip) from port where project_id = '{_project}'");
        Assert.That((statuses.Count(status => status == 202), statuses.Count(status => status == 409)), Is.EqualTo((61, 39)), string.Join(", ", statuses));
        Assert.That(given, Is.Unique);
        Assert.That(given, Has.Count.EqualTo(61));
        Assert.That(given, Does.Not.Contain("10.3.0.1"));
    }

    [Test]
    public async Task Whatever_is_created_and_deleted_addresses_are_the_live_servers_and_ports([Values(1, 2)] int seed)
    {
        await NewNetworkAsync("10.4.0.0/28");                         // 13 addresses
        var random = new Random(seed);
        var (servers, ports) = (new List<string>(), new List<string>());
        for (var step = 0; step < 60; step++)
        {
            var all = servers.Count + ports.Count;
            switch (random.Next(4))
            {
                case 0:
                    var created = await Home.CreateServerAsync(_token, "s", _flavor, _image);
                    Assert.That(created.Status, Is.EqualTo(all < 13 ? 202 : 409), $"seed {seed}, step {step}: {created}");
                    if (created.Status == 202)
                        servers.Add(Id(created, "server"));
                    break;
                case 1:
                    var made = await NewPortAsync();
                    Assert.That(made.Status, Is.EqualTo(all < 13 ? 201 : 409), $"seed {seed}, step {step}: {made}");
                    if (made.Status == 201)
                        ports.Add(Id(made, "port"));
                    break;
                case 2 when servers.Count > 0:
                    Assert.That((await Home.SendAsync("DELETE", $"/compute/v2.1/servers/{Take(servers, random)}", token: _token)).Status, Is.EqualTo(204));
                    break;
                case 3 when ports.Count > 0:
                    Assert.That((await Delete($"/v2.0/ports/{Take(ports, random)}")).Status, Is.EqualTo(204));
                    break;
            }
            var shown = (await Get("/v2.0/ports")).Json.GetProperty("ports").EnumerateArray().ToList();
            Assert.That(shown.Select(Ip), Is.Unique, $"seed {seed}, step {step}");
            Assert.That(shown.Select(port => port.GetProperty("device_id").GetString()).Where(id => id!.Length > 0), Is.EquivalentTo(servers), $"seed {seed}, step {step}");
            Assert.That(shown, Has.Count.EqualTo(servers.Count + ports.Count), $"seed {seed}, step {step}");
        }
    }

    [Test]
    public async Task A_port_of_ones_own_is_given_to_one_server_and_is_free_again_afterwards()
    {
        var network = await NewNetworkAsync("10.5.0.0/24");
        var port = Id(await NewPortAsync(""", "name": "mine", "fixed_ips": [{"ip_address": "10.5.0.77"}]"""), "port");

        var first = await Home.CreateServerAsync(_token, "a", _flavor, _image, $$"""
            "networks": [{"port": "{{port}}"}, {"uuid": "{{network}}", "fixed_ip": "10.5.0.78"}]
            """);
        var second = await Home.CreateServerAsync(_token, "b", _flavor, _image, $$"""
            "networks": [{"port": "{{port}}"}]
            """);
        var taken = await Home.CreateServerAsync(_token, "c", _flavor, _image, $$"""
            "networks": [{"uuid": "{{network}}", "fixed_ip": "10.5.0.78"}]
            """);
        var addresses = (await Get($"/v2.0/ports?device_id={Id(first, "server")}")).Json.GetProperty("ports").EnumerateArray().Select(Ip).ToList();
        await Home.SendAsync("DELETE", $"/compute/v2.1/servers/{Id(first, "server")}", token: _token);
        var after = (await Get("/v2.0/ports")).Json.GetProperty("ports").EnumerateArray().Single();

        Assert.That((first.Status, second.Status, taken.Status), Is.EqualTo((202, 409, 400)), $"{second} {taken}");
        Assert.That(second.Message, Is.EqualTo($"Port {port} is still in use."));
        Assert.That(addresses, Is.EquivalentTo(new[] { "10.5.0.77", "10.5.0.78" }));
        Assert.That((after.GetProperty("id").GetString(), after.GetProperty("device_id").GetString()), Is.EqualTo((port, "")));
    }

    [TestCase("")]
    [TestCase("&sort_key=name&sort_dir=desc")]
    [TestCase("&sort_key=fixed_ips")]
    public async Task Ports_are_read_in_pages_by_their_links_forth_and_back(string order)
    {
        await NewNetworkAsync("10.11.0.0/24");
        foreach (var name in new[] { "b", "e", "a", "d", "c" })
            await NewPortAsync($", \"name\": \"{name}\"");
        var whole = NamesOf(await Get($"/v2.0/ports?status=DOWN{order}"));

        var (forth, back, link) = (new List<string>(), new List<string>(), $"/v2.0/ports?limit=2{order}");
        var last = "";
        for (Answer page; link is not null; link = LinkOf(page, "next"))
        {
            page = await Get(last = link);
            forth.AddRange(NamesOf(page));
        }
        for (var at = last; at is not null;)
        {
            var page = await Get(at);
            back.InsertRange(0, NamesOf(page));
            at = LinkOf(page, "previous");
        }

        Assert.That(whole, Has.Count.EqualTo(5));
        Assert.That(forth, Is.EqualTo(whole), "each once, in the order of the list");
        Assert.That(back, Is.EqualTo(whole), "and back again");
        if (order.Contains("name", StringComparison.Ordinal))
            Assert.That(whole, Is.EqualTo(new[] { "e", "d", "c", "b", "a" }));
        Assert.That((await Get("/v2.0/ports")).Json.TryGetProperty("ports_links", out _), Is.False, "nobody asked for pages, and it is all there");

        static string? LinkOf(Answer page, string rel) => page.Json.TryGetProperty("ports_links", out var links)
            && links.EnumerateArray().FirstOrDefault(link => link.GetProperty("rel").GetString() == rel) is { ValueKind: JsonValueKind.Object } found
                ? found.GetProperty("href").GetString()![$"{Home.Url}/network".Length..] : null;
        static List<string> NamesOf(Answer page) => [.. page.Json.GetProperty("ports").EnumerateArray().Select(port => port.GetProperty("name").GetString()!)];
    }

    [TestCase("colour=red", 400)]                  // whether or not there is a port to compare with
    [TestCase("sort_key=colour", 400)]
    [TestCase("sort_dir=up", 400)]
    [TestCase("limit=-1", 400)]
    [TestCase("marker=x", 400)]
    [TestCase("fixed_ips=ip_address%3D10.0.0.1", 200)]
    [TestCase("network_id=x", 200)]
    [TestCase("network_id=00000000-0000-4000-8000-000000000000&name=y", 200)]
    public async Task A_query_is_judged_by_itself_and_not_by_what_is_there(string query, int status)
    {
        var without = await Get($"/v2.0/ports?{query}");
        await NewNetworkAsync("10.12.0.0/24");
        await NewPortAsync();
        var with = await Get($"/v2.0/ports?{query}");

        Assert.That((without.Status, with.Status), Is.EqualTo((status, status)), $"{without} {with}");
    }

    [Test]
    public async Task What_a_create_says_about_networks_is_refused_in_novas_words_when_it_cannot_be()
    {
        var first = await NewNetworkAsync("10.6.0.0/24");
        await NewNetworkAsync("10.7.0.0/24");
        var empty = await NewNetworkAsync(cidr: null);
        var foreign = await Home.NewProjectAsync();
        var others = Id(await Home.AdminAsync("POST", "/network/v2.0/networks", HomeServer.Text(new { network = new { name = "theirs", project_id = foreign.Project } })), "network");

        Assert.That(Says(await CreateAsync("")), Is.EqualTo((409, "Multiple possible networks found, use a Network ID to be more specific.")));
        Assert.That(Says(await CreateAsync("auto", "2.37")).Status, Is.EqualTo(409));
        Assert.That(Says(await CreateAsync("none", "2.37")).Status, Is.EqualTo(202));
        Assert.That(Says(await CreateAsync("all", "2.37")).Status, Is.EqualTo(400));
        Assert.That(Says(await CreateAsync("auto", "2.36")).Status, Is.EqualTo(400));
        Assert.That(Says(await CreateAsync($$""" "networks": [{"uuid": "{{others}}"}]""")), Is.EqualTo((400, $"Network {others} could not be found.")));
        Assert.That(Says(await CreateAsync($$""" "networks": [{"uuid": "{{empty}}"}]""")).Message, Does.Contain("requires a subnet"));
        Assert.That(Says(await CreateAsync($$""" "networks": [{"uuid": "{{first}}", "fixed_ip": "10.7.0.9"}]""")).Message, Does.Contain("is in no subnet"));
        Assert.That(Says(await CreateAsync($$""" "networks": [{"uuid": "{{first}}", "fixed_ip": "10.6.0.1"}]""")).Message, Does.Contain("is the gateway"));
        Assert.That(Says(await CreateAsync($$""" "networks": [{"port": "{{first}}"}]""")), Is.EqualTo((400, $"Port {first} could not be found.")));
        Assert.That(Says(await CreateAsync("\"networks\": [{}]")).Status, Is.EqualTo(400));
        Assert.That(Says(await CreateAsync($$""" "networks": [{"uuid": "{{first}}", "fixed_ip": "10.6.0.9"}], "max_count": 2""")).Status, Is.EqualTo(400));
        Assert.That(Says(await CreateAsync($$""" "networks": [{"uuid": "{{first}}"}], "min_count": 3""")).Status, Is.EqualTo(202));
        Assert.That(await Home.Database.QueryAsync<long>($"select count(*) from port where project_id = '{_project}'"), Is.EqualTo(new[] { 3L }), "only the last one made any");
    }

    [Test]
    public async Task Networks_and_subnets_are_made_by_admins_and_seen_by_whom_they_are_open_to()
    {
        var network = await NewNetworkAsync("10.8.0.0/24");
        var foreign = await Home.NewProjectAsync();

        var denied = await Home.SendAsync("POST", "/network/v2.0/networks", """{"network": {"name": "x"}}""", _token);
        var overlap = await NewSubnetAsync(network, "10.8.0.128/25");
        var bad = await NewSubnetAsync(network, "10.9.0.1/24");
        var sixth = await Home.AdminAsync("POST", "/network/v2.0/subnets", HomeServer.Text(new { subnet = new { network_id = network, cidr = "10.10.0.0/24", ip_version = 6 } }));
        var second = await NewSubnetAsync(network, "10.9.0.0/24", """, "gateway_ip": null, "allocation_pools": [{"start": "10.9.0.10", "end": "10.9.0.11"}]""");
        var shown = (await Get($"/v2.0/networks/{network}")).Json.GetProperty("network");
        var hidden = await Home.SendAsync("GET", $"/network/v2.0/networks/{network}", token: foreign.Token);
        var byName = (await Get($"/v2.0/networks?name={shown.GetProperty("name").GetString()}")).Json.GetProperty("networks").GetArrayLength();
        var unknown = await Get("/v2.0/networks?colour=red");

        Assert.That((denied.Status, overlap.Status, bad.Status, sixth.Status, second.Status, hidden.Status), Is.EqualTo((403, 400, 400, 400, 201, 404)));
        Assert.That(bad.Message, Does.Contain("'10.9.0.0/24' is recommended"));
        Assert.That(denied.FaultName, Is.EqualTo("NeutronError"));
        Assert.That(shown.GetProperty("subnets").GetArrayLength(), Is.EqualTo(2));
        Assert.That(shown.TryGetProperty("provider:physical_network", out _), Is.False, "the mapping is the admins'");
        Assert.That((byName, unknown.Status), Is.EqualTo((1, 400)));
        Assert.That((await Home.AdminAsync("DELETE", $"/network/v2.0/networks/{network}")).Status, Is.EqualTo(204));
        Assert.That((await Get($"/v2.0/subnets/{Id(second, "subnet")}")).Status, Is.EqualTo(404), "its subnets went with it");
    }

    [Test]
    public async Task Ports_that_a_project_makes_are_counted_and_those_of_its_servers_are_not()
    {
        await NewNetworkAsync("10.11.0.0/24");
        await Home.AdminAsync("PUT", $"/network/v2.0/quotas/{_project}", """{"quota": {"port": 2}}""");

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => NewPortAsync()));
        var server = await Home.CreateServerAsync(_token, "web", _flavor, _image);

        Assert.That(made.Count(answer => answer.Status == 201), Is.EqualTo(2));
        Assert.That(made.First(answer => answer.Status != 201).Message, Is.EqualTo("Quota exceeded for resources: ['port']."));
        Assert.That(server.Status, Is.EqualTo(202));
        Assert.That((await Get($"/v2.0/quotas/{_project}")).Json.GetProperty("quota").GetProperty("port").GetInt32(), Is.EqualTo(2));
    }

    private Task<Answer> CreateAsync(string more) => Home.CreateServerAsync(_token, "x", _flavor, _image, more);

    private Task<Answer> CreateAsync(string networks, string version) => Home.SendAsync(
        "POST", "/compute/v2.1/servers", HomeServer.Text(new { server = new { name = "x", flavorRef = _flavor, imageRef = _image, networks } }), _token,
        headers: ("OpenStack-API-Version", $"compute {version}"));

    private static (int Status, string Message) Says(Answer answer) => (answer.Status, answer.Status == 202 ? "" : answer.Message);

    /// <summary>A network of the test's project.</summary>
    private async Task<string> NewNetworkAsync(string? cidr)
    {
        var network = Id(await Home.AdminAsync("POST", "/network/v2.0/networks", HomeServer.Text(new { network = new { name = $"{Guid.NewGuid():N}", project_id = _project } })), "network");
        if (cidr is not null)
            Assert.That((await NewSubnetAsync(network, cidr)).Status, Is.EqualTo(201));
        return network;
    }

    private static Task<Answer> NewSubnetAsync(string network, string cidr, string more = "") => Home.AdminAsync(
        "POST", "/network/v2.0/subnets", $$$"""{"subnet": {"network_id": "{{{network}}}", "cidr": "{{{cidr}}}", "ip_version": 4, "enable_dhcp": true{{{more}}}}}""");

    /// <summary>A port on the project's only network.</summary>
    private async Task<Answer> NewPortAsync(string more = "")
    {
        var network = (await Get("/v2.0/networks")).Json.GetProperty("networks")[0].GetProperty("id").GetString();
        return await Home.SendAsync("POST", "/network/v2.0/ports", $$$"""{"port": {"network_id": "{{{network}}}"{{{more}}}}}""", _token);
    }

    private Task<Answer> Get(string path) => Home.SendAsync("GET", "/network" + path, token: _token);

    private Task<Answer> Delete(string path) => Home.SendAsync("DELETE", "/network" + path, token: _token);

    private static string Ip(JsonElement port) => port.GetProperty("fixed_ips")[0].GetProperty("ip_address").GetString()!;

    private static string Id(Answer answer, string name)
    {
        Assert.That(answer.Status, Is.InRange(200, 299), answer.ToString());
        return answer.Json.GetProperty(name).GetProperty("id").GetString()!;
    }

    private static string Take(List<string> from, Random random)
    {
        var taken = from[random.Next(from.Count)];
        from.Remove(taken);
        return taken;
    }
}
