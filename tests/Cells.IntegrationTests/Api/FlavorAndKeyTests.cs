using System.Diagnostics;
using System.Runtime.Versioning;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Flavors, SSH keys and extensions over HTTP (nova-api, section 4).</summary>
public sealed class FlavorAndKeyTests
{
    private static HomeServer Home => SharedHome.Home;

    private string _token = "";
    private string _user = "";
    private string _project = "";

    [SetUp]
    public async Task Begin() => (_project, _user, _token) = await Home.NewProjectAsync();

    [Test]
    public async Task A_flavor_is_made_shown_and_removed()
    {
        var name = Guid.NewGuid().ToString("N");
        var created = await Home.AdminAsync("POST", "/compute/v2.1/flavors", HomeServer.Text(new { flavor = new { name, ram = 512, vcpus = 2, disk = 3, id = "auto", rxtx_factor = 2.5 } }));
        var flavor = created.Json.GetProperty("flavor");
        var id = flavor.GetProperty("id").GetString()!;

        var shown = await Get($"/flavors/{id}");
        var removed = await Home.AdminAsync("DELETE", $"/compute/v2.1/flavors/{id}");

        Assert.That((created.Status, shown.Status, removed.Status), Is.EqualTo((200, 200, 202)));
        Assert.That(flavor.EnumerateObject().Select(member => member.Name), Is.EquivalentTo(new[]
        {
            "id", "name", "ram", "disk", "swap", "OS-FLV-EXT-DATA:ephemeral", "OS-FLV-DISABLED:disabled", "vcpus", "os-flavor-access:is_public", "rxtx_factor", "links",
        }));
        Assert.That(flavor.GetProperty("swap").GetString(), Is.Empty);
        Assert.That(flavor.GetProperty("rxtx_factor").GetDouble(), Is.EqualTo(2.5));
        Assert.That(flavor.GetProperty("links")[0].GetProperty("href").GetString(), Is.EqualTo($"{Home.Url}/compute/v2.1/flavors/{id}"));
        Assert.That(shown.Json.ToString(), Is.EqualTo(created.Json.ToString()));
        Assert.That((await Get($"/flavors/{id}")).Status, Is.EqualTo(404));
        Assert.That((await Home.AdminAsync("DELETE", $"/compute/v2.1/flavors/{id}")).Status, Is.EqualTo(404));
    }

    [TestCase("{\"flavor\": {\"ram\": 1, \"vcpus\": 1, \"disk\": 1}}")]
    [TestCase("{\"flavor\": {\"name\": \"x\", \"vcpus\": 1, \"disk\": 1}}")]
    [TestCase("{\"flavor\": {\"name\": \"x\", \"ram\": 0, \"vcpus\": 1, \"disk\": 1}}")]
    [TestCase("{\"flavor\": {\"name\": \"x\", \"ram\": 1, \"vcpus\": \"two\", \"disk\": 1}}")]
    [TestCase("{\"flavor\": {\"name\": \"x\", \"ram\": 1, \"vcpus\": 1, \"disk\": -1}}")]
    [TestCase("{\"flavor\": {\"name\": \"x\", \"ram\": 1, \"vcpus\": 1, \"disk\": 1, \"swap\": 64}}")]
    [TestCase("{\"flavor\": {\"name\": \"x\", \"ram\": 1, \"vcpus\": 1, \"disk\": 1, \"id\": \"a/b\"}}")]
    [TestCase("{\"flavor\": {\"name\": \"x\", \"ram\": 1, \"vcpus\": 1, \"disk\": 1, \"description\": \"since 2.55\"}}")]
    [TestCase("{\"flavor\": {\"name\": \" x\", \"ram\": 1, \"vcpus\": 1, \"disk\": 1}}")]
    public async Task Flavors_that_make_no_sense_are_400(string body) =>
        Assert.That((await Home.AdminAsync("POST", "/compute/v2.1/flavors", body)).Status, Is.EqualTo(400));

    [Test]
    public async Task Ids_and_names_of_flavors_are_taken_once_and_only_admins_make_them()
    {
        var (id, name) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString("N"));
        string Body(string id, string name) => HomeServer.Text(new { flavor = new { id, name, ram = 1, vcpus = 1, disk = 1 } });
        await Home.AdminAsync("POST", "/compute/v2.1/flavors", Body(id, name));

        var sameId = await Home.AdminAsync("POST", "/compute/v2.1/flavors", Body(id, name + "2"));
        var sameName = await Home.AdminAsync("POST", "/compute/v2.1/flavors", Body(id + "2", name));
        var byMember = await Home.SendAsync("POST", "/compute/v2.1/flavors", Body(id + "3", name + "3"), _token);

        Assert.That((sameId.Status, sameId.Message), Is.EqualTo((409, $"Flavor with ID {id} already exists.")));
        Assert.That((sameName.Status, sameName.Message), Is.EqualTo((409, $"Flavor with name {name} already exists.")));
        Assert.That(byMember.Status, Is.EqualTo(403));
        Assert.That((await Home.SendAsync("DELETE", $"/compute/v2.1/flavors/{id}", token: _token)).Status, Is.EqualTo(403));
    }

    [Test]
    public async Task A_flavor_that_is_not_public_is_for_the_projects_that_it_was_given_to()
    {
        var id = Guid.NewGuid().ToString();
        await Home.AdminAsync("POST", "/compute/v2.1/flavors", $$$"""{"flavor": {"id": "{{{id}}}", "name": "{{{id}}}", "ram": 64, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": false}}""");
        var image = await Home.NewImageAsync();
        Task<Answer> Act(string action, string project) => Home.AdminAsync("POST", $"/compute/v2.1/flavors/{id}/action", $$$"""{"{{{action}}}": {"tenant": "{{{project}}}"}}""");
        async Task<bool> IsListed() => (await Get("/flavors")).Json.GetProperty("flavors").EnumerateArray().Any(flavor => flavor.GetProperty("id").GetString() == id);
        async Task<int> Build() => (await Home.CreateServerAsync(_token, "s", id, image)).Status;

        Assert.That(((await Get($"/flavors/{id}")).Status, await IsListed(), await Build()), Is.EqualTo((404, false, 400)));

        var added = await Act("addTenantAccess", _project);

        Assert.That(added.Json.GetRawText(), Is.EqualTo($$"""{"flavor_access":[{"flavor_id":"{{id}}","tenant_id":"{{_project}}"}]}"""), added.ToString());
        Assert.That(((await Get($"/flavors/{id}")).Status, await IsListed(), await Build()), Is.EqualTo((200, true, 202)));
        Assert.That(((await Act("addTenantAccess", _project)).Status, (await Act("addTenantAccess", Guid.NewGuid().ToString())).Status, (await Act("explode", _project)).Status),
            Is.EqualTo((409, 400, 400)));
        Assert.That((await Home.AdminAsync("GET", $"/compute/v2.1/flavors/{id}/os-flavor-access")).Json.GetRawText(), Is.EqualTo(added.Json.GetRawText()));
        Assert.That((await Get($"/flavors/{id}/os-flavor-access")).Status, Is.EqualTo(403));
        Assert.That((await Home.SendAsync("POST", $"/compute/v2.1/flavors/{id}/action", $$$"""{"addTenantAccess": {"tenant": "{{{_project}}}"}}""", _token)).Status, Is.EqualTo(403));

        var removed = await Act("removeTenantAccess", _project);

        Assert.That(removed.Json.GetRawText(), Is.EqualTo("""{"flavor_access":[]}"""));
        Assert.That(((await Get($"/flavors/{id}")).Status, await IsListed(), await Build()), Is.EqualTo((404, false, 400)), "also for a node that remembered it");
        Assert.That((await Act("removeTenantAccess", _project)).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task A_public_flavor_has_no_list_of_projects()
    {
        var flavor = await Home.NewFlavorAsync();

        var list = await Home.AdminAsync("GET", $"/compute/v2.1/flavors/{flavor}/os-flavor-access");
        var added = await Home.AdminAsync("POST", $"/compute/v2.1/flavors/{flavor}/action", $$$"""{"addTenantAccess": {"tenant": "{{{_project}}}"}}""");

        Assert.That((list.Status, list.Message), Is.EqualTo((404, "Access list not available for public flavors.")));
        Assert.That((added.Status, added.Message), Is.EqualTo((409, "Can not add access to a public flavor.")));
    }

    [Test]
    public async Task Flavor_lists_are_filtered_sorted_and_paged()
    {
        var mark = Guid.NewGuid().ToString("N");
        foreach (var (name, ram, disk) in new[] { ("c", 1_000_001, 5_001), ("a", 1_000_002, 5_002), ("b", 1_000_003, 5_003) })
            await Home.AdminAsync("POST", "/compute/v2.1/flavors", HomeServer.Text(new { flavor = new { id = $"{mark}-{name}", name = $"{mark}-{name}", ram, vcpus = 1, disk } }));
        await Home.AdminAsync("POST", "/compute/v2.1/flavors", $"{{\"flavor\": {{\"name\": \"{mark}-p\", \"ram\": 1000009, \"vcpus\": 1, \"disk\": 1, \"os-flavor-access:is_public\": false}}}}");
        async Task<string> Names(string query, string? token = null) => string.Join(' ',
            (await Home.SendAsync("GET", $"/compute/v2.1/flavors{query}", token: token ?? _token)).Json.GetProperty("flavors").EnumerateArray()
                .Select(flavor => flavor.GetProperty("name").GetString()!).Where(name => name.StartsWith(mark)).Select(name => name[^1]));

        Assert.That(await Names("/detail?minRam=1000001"), Is.EqualTo("a b c"));
        Assert.That(await Names("?minRam=1000002&sort_key=memory_mb&sort_dir=desc"), Is.EqualTo("b a"));
        Assert.That(await Names("?minDisk=5002"), Is.EqualTo("a b"));
        Assert.That(await Names($"?minRam=1000001&marker={mark}-a&limit=1"), Is.EqualTo("b"));
        Assert.That(await Names("?minRam=1000001&is_public=None"), Is.EqualTo("a b c"), "others see public ones only");
        Assert.That(await Names("?minRam=1000001&is_public=None", Home.AdminToken), Does.Contain("p").And.Contain("a"));
        Assert.That(await Names("?is_public=False", Home.AdminToken), Is.EqualTo("p"));
        Assert.That(await Names("?minRam=1000001", Home.AdminToken), Is.EqualTo("a b c"));
        var page = await Get("/flavors?minRam=1000001&limit=1");
        Assert.That(page.Json.GetProperty("flavors_links")[0].GetProperty("href").GetString(), Does.StartWith($"{Home.Url}/compute/v2.1/flavors?").And.Contain("marker="));
    }

    [Test]
    public async Task Extra_specs_are_added_shown_changed_and_removed()
    {
        var path = $"/compute/v2.1/flavors/{await Home.NewFlavorAsync()}/os-extra_specs";

        var added = await Home.AdminAsync("POST", path, "{\"extra_specs\": {\"a\": \"1\", \"b\": \"2\"}}");
        var set = await Home.AdminAsync("PUT", path + "/a", "{\"a\": \"9\"}");
        var wrongKey = await Home.AdminAsync("PUT", path + "/a", "{\"b\": \"9\"}");
        var removed = await Home.AdminAsync("DELETE", path + "/b");

        Assert.That((added.Status, set.Status, wrongKey.Status, removed.Status), Is.EqualTo((200, 200, 400, 200)));
        Assert.That((await Home.SendAsync("GET", path, token: _token)).Json.ToString(), Is.EqualTo("{\"extra_specs\":{\"a\":\"9\"}}"));
        Assert.That((await Home.SendAsync("GET", path + "/a", token: _token)).Json.ToString(), Is.EqualTo("{\"a\":\"9\"}"));
        Assert.That((await Home.SendAsync("GET", path + "/b", token: _token)).Status, Is.EqualTo(404));
        Assert.That((await Home.AdminAsync("DELETE", path + "/b")).Status, Is.EqualTo(404));
        Assert.That((await Home.SendAsync("POST", path, "{\"extra_specs\": {}}", _token)).Status, Is.EqualTo(403));
        Assert.That((await Home.AdminAsync("POST", path, "{}")).Status, Is.EqualTo(400));
        Assert.That((await Home.AdminAsync("POST", "/compute/v2.1/flavors/none/os-extra_specs", "{\"extra_specs\": {}}")).Status, Is.EqualTo(404));
    }

    [Test]
    [UnsupportedOSPlatform("windows")]
    public async Task A_key_made_here_is_shown_once_and_OpenSSH_reads_it()
    {
        var created = await Post("{\"keypair\": {\"name\": \"made here\"}}");
        var key = created.Json.GetProperty("keypair");
        var directory = Directory.CreateTempSubdirectory("cells-test-ssh");
        var file = Path.Combine(directory.FullName, "key");
        await File.WriteAllTextAsync(file, key.GetProperty("private_key").GetString());
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var shown = (await Get("/os-keypairs/made%20here")).Json.GetProperty("keypair");
        var (publicKey, fingerprint) = (await RunAsync("ssh-keygen", "-y", "-f", file), await RunAsync("ssh-keygen", "-l", "-E", "md5", "-f", file));
        directory.Delete(recursive: true);

        Assert.That(created.Status, Is.EqualTo(200));
        Assert.That(key.GetProperty("public_key").GetString(), Does.StartWith(publicKey.Trim()));
        Assert.That(fingerprint, Does.Contain("MD5:" + key.GetProperty("fingerprint").GetString()));
        Assert.That(key.GetProperty("user_id").GetString(), Is.EqualTo(_user));
        Assert.That(shown.EnumerateObject().Select(member => member.Name),
            Is.EquivalentTo(new[] { "name", "public_key", "fingerprint", "id", "user_id", "created_at", "deleted", "deleted_at", "updated_at" }));
        Assert.That((await Get("/os-keypairs")).Json.GetProperty("keypairs")[0].GetProperty("keypair").GetProperty("name").GetString(), Is.EqualTo("made here"));
    }

    [Test]
    public async Task A_key_is_imported_once_and_removed()
    {
        const string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ/GuYHLT77J42RA35ocJQajlqeK78PGpWfl4XuY4Bmh tests";

        var imported = await Post(HomeServer.Text(new { keypair = new { name = "laptop", public_key = key } }));
        var again = await Post(HomeServer.Text(new { keypair = new { name = "laptop", public_key = key } }));
        var used = await Home.CreateServerAsync(_token, "x", await Home.NewFlavorAsync(), await Home.NewImageAsync(), "\"key_name\": \"laptop\"");
        var removed = await Delete("laptop");

        Assert.That((imported.Status, used.Status, removed.Status), Is.EqualTo((200, 202, 202)));
        Assert.That(imported.Json.GetProperty("keypair").TryGetProperty("private_key", out _), Is.False);
        Assert.That(imported.Json.GetProperty("keypair").GetProperty("public_key").GetString(), Is.EqualTo(key));
        Assert.That((again.Status, again.Message), Is.EqualTo((409, "Key pair 'laptop' already exists.")));
        Assert.That(((await Delete("laptop")).Status, (await Get("/os-keypairs/laptop")).Status), Is.EqualTo((404, 404)));
    }

    [TestCase("{}")]
    [TestCase("{\"keypair\": {}}")]
    [TestCase("{\"keypair\": {\"name\": \"a/b\"}}")]
    [TestCase("{\"keypair\": {\"name\": \"\"}}")]
    [TestCase("{\"keypair\": {\"name\": \"x\", \"type\": \"ssh\"}}")]
    [TestCase("{\"keypair\": {\"name\": \"x\", \"public_key\": \"ssh-rsa no-base64\"}}")]
    [TestCase("{\"keypair\": {\"name\": \"x\", \"public_key\": \"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJ/GuYHLT77J42RA35ocJQajlqeK78PGpWfl4XuY4Bmh\"}}")]
    [TestCase("{\"keypair\": {\"name\": \"x\", \"public_key\": \"hello\"}}")]
    public async Task Keys_that_make_no_sense_are_400(string body) => Assert.That((await Post(body)).Status, Is.EqualTo(400));

    [Test]
    public async Task Too_many_keys_are_403_also_when_they_come_at_once()
    {
        const string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ/GuYHLT77J42RA35ocJQajlqeK78PGpWfl4XuY4Bmh";
        await Home.AdminAsync("PUT", $"/compute/v2.1/os-quota-sets/{_project}", "{\"quota_set\": {\"key_pairs\": 3}}");

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Post(HomeServer.Text(new { keypair = new { name = $"k{i}", public_key = key } }))));

        Assert.That(answers.Count(answer => answer.Status == 200), Is.EqualTo(3));
        Assert.That(answers.Where(answer => answer.Status != 200).Select(answer => answer.Message), Has.All.EqualTo("Quota exceeded, too many key pairs."));
    }

    [Test]
    public async Task Extensions_are_listed_and_shown()
    {
        var aliases = (await Get("/extensions")).Json.GetProperty("extensions").EnumerateArray().Select(extension => extension.GetProperty("alias").GetString()!).ToList();

        Assert.That(aliases, Does.Contain("os-keypairs").And.Contain("os-quota-sets"));
        Assert.That((await Get("/extensions/os-keypairs")).Json.GetProperty("extension").GetProperty("name").GetString(), Is.EqualTo("Keypairs"));
        Assert.That((await Get("/extensions/none")).Status, Is.EqualTo(404));
    }

    private Task<Answer> Get(string path) => Home.SendAsync("GET", "/compute/v2.1" + path, token: _token);

    private Task<Answer> Post(string body) => Home.SendAsync("POST", "/compute/v2.1/os-keypairs", body, _token);

    private Task<Answer> Delete(string name) => Home.SendAsync("DELETE", $"/compute/v2.1/os-keypairs/{name}", token: _token);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        if (!File.Exists($"/usr/bin/{program}"))
            Assert.Ignore($"{program} is not on this machine");
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }
}
