using System.Diagnostics;
using System.Text.Json;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>The unmodified openstack command line (Debian's python3-openstackclient) against the home.</summary>
public sealed class OpenStackClientTests
{
    private const string Program = "/usr/bin/openstack";

    private static HomeServer Home => SharedHome.Home;

    private DirectoryInfo _directory = null!;

    [SetUp]
    public void Begin()
    {
        const string Missing = "The openstack client is not on this machine. Install it with: apt-get install python3-openstackclient";
        if (!File.Exists(Program) && Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(Missing);
        if (!File.Exists(Program))
            Assert.Ignore(Missing);
        _directory = Directory.CreateTempSubdirectory("cells-test-client");
    }

    [TearDown]
    public void End() => _directory?.Delete(recursive: true);

    [Test]
    public async Task It_logs_in_and_finds_every_service()
    {
        var token = await RunAsync("token", "issue");
        var catalog = await RunAsync("catalog", "list");
        var limits = await RunAsync("limits", "show", "--absolute");

        Assert.That(token.GetProperty("project_id").GetString(), Is.EqualTo(Home.AdminProject.ToString()));
        Assert.That(catalog.EnumerateArray().Select(service => service.GetProperty("Type").GetString()), Is.EquivalentTo(new[] { "identity", "image", "compute", "network", "cells" }));
        Assert.That(limits.EnumerateArray().Select(limit => limit.GetProperty("Name").GetString()), Does.Contain("maxTotalInstances").And.Contain("totalCoresUsed"));
    }

    [Test]
    public async Task It_makes_lists_shows_and_deletes_servers_by_name()
    {
        var name = "c" + Guid.NewGuid().ToString("N");
        var file = Path.Combine(_directory.FullName, "disk.raw");
        await File.WriteAllBytesAsync(file, new byte[100_000]);

        var flavor = await RunAsync("flavor", "create", name, "--ram", "512", "--vcpus", "1", "--disk", "1");
        var flavors = await RunAsync("flavor", "list");
        var image = await RunAsync("image", "create", name, "--disk-format", "raw", "--container-format", "bare", "--file", file, "--property", "os_distro=debian");
        var uploaded = await RunAsync("image", "show", name);
        var images = await RunAsync("image", "list");
        var key = await RunTextAsync("keypair", "create", name);
        var server = await RunAsync("server", "create", name, "--flavor", name, "--image", name, "--key-name", name, "--property", "tier=front");
        var servers = await RunAsync("server", "list", "--long");
        var shown = await RunAsync("server", "show", name);
        await RunTextAsync("server", "delete", name, "--wait");
        var after = await RunAsync("server", "list");
        await RunTextAsync("image", "delete", name);
        await RunTextAsync("keypair", "delete", name);
        await RunTextAsync("flavor", "delete", name);

        Assert.That(flavor.GetProperty("ram").GetInt32(), Is.EqualTo(512));
        Assert.That(flavors.EnumerateArray().Select(row => row.GetProperty("Name").GetString()), Does.Contain(name));
        Assert.That(image.GetProperty("name").GetString(), Is.EqualTo(name));
        Assert.That(uploaded.GetProperty("status").GetString(), Is.EqualTo("active"));
        Assert.That(uploaded.GetProperty("size").GetInt32(), Is.EqualTo(100_000));
        Assert.That(images.EnumerateArray().Single(row => row.GetProperty("Name").GetString() == name).GetProperty("Status").GetString(), Is.EqualTo("active"));
        Assert.That(key, Does.StartWith("-----BEGIN RSA PRIVATE KEY-----"));
        Assert.That(server.GetProperty("status").GetString(), Is.EqualTo("BUILD"));
        var row = servers.EnumerateArray().Single(listed => listed.GetProperty("Name").GetString() == name);
        Assert.That(row.GetProperty("Status").GetString(), Is.EqualTo("BUILD"));
        Assert.That(row.GetProperty("Image Name").GetString(), Is.EqualTo(name));
        Assert.That(row.GetProperty("Flavor Name").GetString(), Is.EqualTo(name));
        Assert.That(shown.GetProperty("flavor").GetString(), Does.StartWith(name));
        Assert.That(shown.GetProperty("image").GetString(), Does.StartWith(name));
        Assert.That(shown.GetProperty("properties").ToString(), Does.Contain("front"));
        Assert.That(after.EnumerateArray().Select(listed => listed.GetProperty("Name").GetString()), Does.Not.Contain(name));
    }

    [Test]
    public async Task It_sets_and_unsets_what_a_server_is_called_and_tagged()
    {
        var name = "c" + Guid.NewGuid().ToString("N");
        var (flavor, image) = (await Home.NewFlavorAsync(), await Home.NewImageAsync());
        var server = (await Home.CreateServerAsync(Home.AdminToken, name, flavor, image)).Json.GetProperty("server").GetProperty("id").GetString()!;
        await Home.ReportAsync(server, Cells.Contracts.VmState.Active);

        await NewestAsync("server", "set", server, "--property", "tier=front", "--property", "owner=ops", "--tag", "red", "--tag", "blue", "--description", "of the shop");
        var set = JsonDocument.Parse(await NewestAsync("server", "show", server, "-f", "json")).RootElement;
        var listed = JsonDocument.Parse(await NewestAsync("server", "list", "--tags", "red", "-f", "json")).RootElement;
        await NewestAsync("server", "unset", server, "--property", "tier", "--tag", "red", "--description");
        var unset = JsonDocument.Parse(await NewestAsync("server", "show", server, "-f", "json")).RootElement;
        await NewestAsync("server", "delete", server);

        Assert.That(set.GetProperty("properties").ToString(), Does.Contain("front").And.Contain("ops"));
        Assert.That(set.GetProperty("tags").ToString(), Does.Contain("red").And.Contain("blue"));
        Assert.That(set.GetProperty("description").GetString(), Is.EqualTo("of the shop"));
        Assert.That(set.GetProperty("flavor").ToString(), Does.Contain("vcpus").Or.Contain("original_name"));
        Assert.That(listed.EnumerateArray().Select(row => row.GetProperty("ID").GetString()), Is.EqualTo(new[] { server }));
        Assert.That(unset.GetProperty("properties").ToString(), Does.Contain("ops").And.Not.Contain("front"));
        Assert.That(unset.GetProperty("tags").ToString(), Does.Contain("blue").And.Not.Contain("red"));
        Assert.That(unset.GetProperty("description").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public async Task It_makes_lists_shows_and_deletes_server_groups_and_shows_usage_and_quotas()
    {
        var name = "c" + Guid.NewGuid().ToString("N");
        var (flavor, image) = (await Home.NewFlavorAsync(), await Home.NewImageAsync());

        var old = await RunAsync("server", "group", "create", name, "--policy", "anti-affinity");
        var made = JsonDocument.Parse(await NewestAsync("server", "group", "create", name + "-2", "--policy", "anti-affinity", "--rule", "max_server_per_host=2", "-f", "json")).RootElement;
        var server = await RunAsync("server", "create", name, "--flavor", flavor, "--image", image, "--hint", $"group={old.GetProperty("id").GetString()}");
        var shown = await RunAsync("server", "group", "show", name);
        var listed = await RunAsync("server", "group", "list");
        await RunTextAsync("server", "group", "delete", name, name + "-2");
        await RunTextAsync("server", "delete", name);
        var usage = await RunAsync("usage", "show");
        await RunAsync("usage", "list");
        var quota = await RunTextAsync("quota", "show");

        Assert.That(made.GetProperty("rules").ToString(), Does.Contain("2"));
        Assert.That(shown.GetProperty("members").ToString(), Does.Contain(server.GetProperty("id").GetString()));
        Assert.That(listed.EnumerateArray().Select(row => row.GetProperty("Name").GetString()), Is.SupersetOf(new[] { name, name + "-2" }));
        Assert.That(usage.EnumerateObject().Any(), Is.True);
        Assert.That(quota, Does.Contain("instances"));
    }

    [Test]
    public async Task It_manages_projects_users_roles_quotas_and_image_properties()
    {
        var name = "c" + Guid.NewGuid().ToString("N");

        var project = await RunAsync("project", "create", name, "--description", "of the tests");
        var user = await RunAsync("user", "create", name, "--password", "secret");
        await RunTextAsync("role", "add", "member", "--user", name, "--project", name);
        var shown = await RunAsync("project", "show", name);
        await RunTextAsync("quota", "set", name, "--instances", "33");
        var quota = (await Home.AdminAsync("GET", $"/compute/v2.1/os-quota-sets/{project.GetProperty("id").GetString()}")).Json;
        var image = await Home.NewImageAsync();
        await RunTextAsync("image", "set", image, "--property", "color=red", "--name", name);

        Assert.That(shown.GetProperty("id").GetString(), Is.EqualTo(project.GetProperty("id").GetString()));
        Assert.That(user.GetProperty("name").GetString(), Is.EqualTo(name));
        Assert.That((await Home.LogInAsync(name, "secret", name)).Status, Is.EqualTo(201));
        Assert.That(quota.GetProperty("quota_set").GetProperty("instances").GetInt32(), Is.EqualTo(33));
        Assert.That((await RunAsync("image", "show", name)).GetProperty("properties").ToString(), Does.Contain("red"));
    }

    [Test]
    public async Task It_makes_networks_subnets_and_ports_and_a_server_on_them()
    {
        var name = "c" + Guid.NewGuid().ToString("N");
        var (image, flavor) = (await Home.NewImageAsync(), await Home.NewFlavorAsync());

        var network = await RunAsync("network", "create", name, "--provider-physical-network", "storage", "--provider-network-type", "flat");
        await RunAsync("subnet", "create", name, "--network", name, "--subnet-range", "10.20.0.0/24");
        var port = await RunAsync("port", "create", name, "--network", name, "--fixed-ip", "ip-address=10.20.0.20");
        var shown = await RunAsync("network", "show", name);
        var server = await RunAsync("server", "create", name, "--flavor", flavor, "--image", image, "--network", name, "--port", name, "--security-group", "default");
        var ports = await RunAsync("port", "list", "--server", name);
        var subnets = await RunAsync("subnet", "list", "--network", name);
        var networks = await RunAsync("network", "list");
        var groups = await RunAsync("security", "group", "list");
        var inUse = await StartAsync("port", "delete", name);
        await RunTextAsync("server", "delete", name, "--wait");
        await RunTextAsync("port", "delete", name);
        await RunTextAsync("network", "delete", name);

        Assert.That(network.GetProperty("provider:physical_network").GetString(), Is.EqualTo("storage"));
        Assert.That(shown.GetProperty("status").GetString(), Is.EqualTo("ACTIVE"));
        Assert.That(port.GetProperty("fixed_ips").ToString(), Does.Contain("10.20.0.20"));
        Assert.That(server.GetProperty("status").GetString(), Is.EqualTo("BUILD"));
        Assert.That(ports.GetArrayLength(), Is.EqualTo(2));
        Assert.That(subnets[0].GetProperty("Subnet").GetString(), Is.EqualTo("10.20.0.0/24"));
        Assert.That(networks.EnumerateArray().Select(row => row.GetProperty("Name").GetString()), Does.Contain(name));
        Assert.That(groups[0].GetProperty("Name").GetString(), Is.EqualTo("default"));
        Assert.That(inUse.Code, Is.EqualTo(1));
        Assert.That(inUse.Output, Does.Contain("Delete the server first"));
    }

    [Test]
    public async Task It_says_what_the_home_says_when_something_is_not_there()
    {
        var (output, code) = await StartAsync("server", "show", "no-such-server");

        Assert.That(code, Is.EqualTo(1));
        Assert.That(output, Does.Contain("No server with a name or ID of 'no-such-server' exists."));
    }

    private async Task<JsonElement> RunAsync(params string[] arguments) => JsonDocument.Parse(await RunTextAsync([.. arguments, "-f", "json"])).RootElement;

    /// <summary>In the highest version that this cloud states.</summary>
    private Task<string> NewestAsync(params string[] arguments) => RunTextAsync(["--os-compute-api-version", "2.79", .. arguments]);

    private async Task<string> RunTextAsync(params string[] arguments)
    {
        var (output, code) = await StartAsync(arguments);
        Assert.That(code, Is.Zero, $"openstack {string.Join(' ', arguments)}: {output}");
        return output;
    }

    private async Task<(string Output, int Code)> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _directory.FullName };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["HOME"] = _directory.FullName, ["OS_AUTH_URL"] = $"{Home.Url}/identity/v3", ["OS_USERNAME"] = "admin", ["OS_PASSWORD"] = HomeServer.AdminPassword,
            ["OS_PROJECT_NAME"] = "admin", ["OS_USER_DOMAIN_NAME"] = "Default", ["OS_PROJECT_DOMAIN_NAME"] = "Default", ["OS_IDENTITY_API_VERSION"] = "3",
        })
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(120));
        return (process.ExitCode == 0 ? await output : await output + await error, process.ExitCode);
    }
}
