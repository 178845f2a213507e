using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>What differs between the versions of the compute API (nova-api, section 1.1), on the routes that are served.</summary>
public sealed class MicroversionShapeTests
{
    private static HomeServer Home => SharedHome.Home;

    private string _token = "";
    private string _project = "";

    [SetUp]
    public async Task Begin() => (_project, _, _token) = await Home.NewProjectAsync();

    [Test]
    public async Task Keypairs_have_a_type_and_other_codes_from_2_2_on()
    {
        var old = await In("2.1", "POST", "/os-keypairs", """{"keypair": {"name": "old"}}""");
        var made = await In("2.2", "POST", "/os-keypairs", """{"keypair": {"name": "new", "type": "ssh"}}""");

        Assert.That((old.Status, made.Status), Is.EqualTo((200, 201)));
        Assert.That(old.Json.GetProperty("keypair").TryGetProperty("type", out _), Is.False);
        Assert.That(made.Json.GetProperty("keypair").GetProperty("type").GetString(), Is.EqualTo("ssh"));
        Assert.That((await In("2.2", "POST", "/os-keypairs", """{"keypair": {"name": "x", "type": "x509"}}""")).Status, Is.EqualTo(400));
        Assert.That((await In("2.1", "POST", "/os-keypairs", """{"keypair": {"name": "x", "type": "ssh"}}""")).Status, Is.EqualTo(400));
        Assert.That(((await In("2.1", "DELETE", "/os-keypairs/old")).Status, (await In("2.2", "DELETE", "/os-keypairs/new")).Status), Is.EqualTo((202, 204)));
    }

    [Test]
    public async Task Admins_keep_keys_of_others_from_2_10_on_and_lists_have_pages_from_2_35_on()
    {
        var (_, user, token) = await Home.NewProjectAsync();
        foreach (var name in new[] { "a", "b", "c" })
            await AdminIn("2.10", "POST", "/os-keypairs", $$$"""{"keypair": {"name": "{{{name}}}", "user_id": "{{{user}}}"}}""");

        var own = await Home.SendAsync("GET", "/compute/v2.1/os-keypairs", token: token);
        var page = await Home.SendAsync("GET", "/compute/v2.1/os-keypairs?limit=2&marker=a", token: token, headers: [("OpenStack-API-Version", "compute 2.35")]);
        var others = await In("2.10", "GET", $"/os-keypairs?user_id={user}");
        var nobody = await AdminIn("2.10", "POST", "/os-keypairs", $$$"""{"keypair": {"name": "x", "user_id": "{{{Guid.NewGuid():N}}}"}}""");

        Assert.That(own.Json.GetProperty("keypairs").GetArrayLength(), Is.EqualTo(3));
        Assert.That(page.Json.GetProperty("keypairs").EnumerateArray().Select(key => key.GetProperty("keypair").GetProperty("name").GetString()), Is.EqualTo(new[] { "b", "c" }));
        Assert.That(page.Json.GetProperty("keypairs_links")[0].GetProperty("href").GetString(), Does.EndWith("/os-keypairs?limit=2&marker=c"));
        Assert.That(others.Status, Is.EqualTo(403));
        Assert.That((nobody.Status, (await AdminIn("2.10", "GET", $"/os-keypairs?user_id={user}")).Json.GetProperty("keypairs").GetArrayLength()), Is.EqualTo((400, 3)));
    }

    [Test]
    public async Task Flavors_have_a_description_from_2_55_extra_specs_from_2_61_and_a_number_for_swap_from_2_75_on()
    {
        var id = await Home.NewFlavorAsync();
        await Home.AdminAsync("POST", $"/compute/v2.1/flavors/{id}/os-extra_specs", """{"extra_specs": {"hw:cpu": "shared"}}""");

        var early = await AdminIn("2.54", "PUT", $"/flavors/{id}", """{"flavor": {"description": "small"}}""");
        var described = await AdminIn("2.55", "PUT", $"/flavors/{id}", """{"flavor": {"description": "small"}}""");
        var foreign = await In("2.55", "PUT", $"/flavors/{id}", """{"flavor": {"description": "mine"}}""");
        var (first, specs, last) = ((await In("2.1", "GET", $"/flavors/{id}")).Json, (await In("2.61", "GET", $"/flavors/{id}")).Json, (await In("2.75", "GET", $"/flavors/{id}")).Json);

        Assert.That((early.Status, described.Status, foreign.Status), Is.EqualTo((404, 200, 403)));
        Assert.That(first.GetProperty("flavor").TryGetProperty("description", out _) || first.GetProperty("flavor").TryGetProperty("extra_specs", out _), Is.False);
        Assert.That(first.GetProperty("flavor").GetProperty("swap").GetString(), Is.Empty);
        Assert.That(specs.GetProperty("flavor").GetProperty("description").GetString(), Is.EqualTo("small"));
        Assert.That(specs.GetProperty("flavor").GetProperty("extra_specs").GetRawText(), Is.EqualTo("""{"hw:cpu":"shared"}"""));
        Assert.That(last.GetProperty("flavor").GetProperty("swap").GetInt32(), Is.Zero);
    }

    [TestCase("2.35", "maxImageMeta, maxPersonality, maxPersonalitySize, maxTotalFloatingIps")]
    [TestCase("2.36", "maxImageMeta, maxPersonality, maxPersonalitySize")]
    [TestCase("2.39", "maxPersonality, maxPersonalitySize")]
    [TestCase("2.57", "")]
    public async Task Limits_of_what_is_gone_go_with_it(string version, string left)
    {
        var limits = (await In(version, "GET", "/limits")).Json.GetProperty("limits").GetProperty("absolute").EnumerateObject().Select(limit => limit.Name);

        Assert.That(string.Join(", ", limits.Where(name => name is "maxImageMeta" or "maxPersonality" or "maxPersonalitySize" or "maxTotalFloatingIps").Order()), Is.EqualTo(left));
    }

    [Test]
    public async Task Quotas_of_what_is_gone_go_with_it()
    {
        var (old, middle, last) = (await Names("2.35"), await Names("2.36"), await Names("2.57"));

        Assert.That(old, Does.Contain("floating_ips").And.Contain("injected_files"));
        Assert.That(middle, Does.Contain("injected_files").And.Not.Contain("floating_ips"));
        Assert.That(last, Does.Contain("server_groups").And.Not.Contain("injected_files"));

        async Task<string[]> Names(string version) =>
            [.. (await In(version, "GET", $"/os-quota-sets/{_project}")).Json.GetProperty("quota_set").EnumerateObject().Select(quota => quota.Name)];
    }

    [TestCase("2.74", "/servers?shoe=1", 200)]
    [TestCase("2.75", "/servers?shoe=1", 400)]
    [TestCase("2.75", "/flavors?shoe=1", 400)]
    [TestCase("2.75", "/limits?shoe=1", 400)]
    [TestCase("2.75", "/servers?name=x&tags=a&limit=1&ip=1", 200)]
    [TestCase("2.37", "/servers?status=SHOE", 200)]
    [TestCase("2.38", "/servers?status=SHOE", 400)]
    [TestCase("2.38", "/servers?status=shutoff", 200)]
    [TestCase("2.72", "/servers?sort_key=locked", 400)]
    [TestCase("2.73", "/servers?sort_key=locked&locked=true", 200)]
    [TestCase("2.73", "/servers?locked=maybe", 400)]
    [TestCase("2.66", "/servers?changes-since=2030-01-01T00:00:00Z&changes-before=2029-01-01T00:00:00Z", 400)]
    [TestCase("2.65", "/servers?changes-since=2030-01-01T00:00:00Z&changes-before=2029-01-01T00:00:00Z", 200)]
    public async Task Lists_are_judged_by_the_version_that_is_asked_for(string version, string path, int status) =>
        Assert.That((await In(version, "GET", path)).Status, Is.EqualTo(status));

    [Test]
    public async Task A_list_ends_before_a_time_from_2_66_on()
    {
        var (flavor, image) = (await Home.NewFlavorAsync(), await Home.NewImageAsync());
        await Home.CreateServerAsync(_token, "x", flavor, image);

        Assert.That((await In("2.66", "GET", "/servers?changes-before=2020-01-01T00:00:00Z")).Json.GetProperty("servers").GetArrayLength(), Is.Zero);
        Assert.That((await In("2.66", "GET", "/servers?changes-before=2120-01-01T00:00:00Z")).Json.GetProperty("servers").GetArrayLength(), Is.EqualTo(1));
    }

    [TestCase("2.36", "", 202)]
    [TestCase("2.37", "", 400)]
    [TestCase("2.37", "\"networks\": \"auto\"", 202)]
    [TestCase("2.36", "\"networks\": \"auto\"", 400)]
    [TestCase("2.37", "\"networks\": \"none\"", 202)]
    [TestCase("2.37", "\"networks\": \"some\"", 400)]
    [TestCase("2.18", "\"description\": \"x\"", 400)]
    [TestCase("2.19", "\"description\": \"x\"", 202)]
    [TestCase("2.51", "\"networks\": \"auto\", \"tags\": [\"a\"]", 400)]
    [TestCase("2.52", "\"networks\": \"auto\", \"tags\": [\"a\"]", 202)]
    [TestCase("2.56", "\"networks\": \"auto\", \"personality\": []", 202)]
    [TestCase("2.57", "\"networks\": \"auto\", \"personality\": []", 400)]
    [TestCase("2.63", "\"networks\": \"auto\", \"trusted_image_certificates\": [\"a\"]", 400)]
    [TestCase("2.63", "\"networks\": \"auto\", \"trusted_image_certificates\": null", 202)]
    [TestCase("2.74", "\"networks\": \"auto\", \"host\": \"h1\"", 400)]
    public async Task A_create_may_say_what_its_version_knows(string version, string more, int status)
    {
        var (flavor, image) = (await Home.NewFlavorAsync(), await Home.NewImageAsync());

        var answer = await Home.CreateServerAsync(_token, "x", flavor, image, more, ("OpenStack-API-Version", $"compute {version}"));

        Assert.That(answer.Status, Is.EqualTo(status), answer.ToString());
        Assert.That(answer.Header("OpenStack-API-Version"), Is.EqualTo($"compute {version}"));
    }

    [Test]
    public async Task A_create_that_remembers_a_flavor_orders_it_with_the_extra_specs_of_now()
    {
        var (flavor, image) = (await Home.NewFlavorAsync(), await Home.NewImageAsync());
        await using var other = new SecondNode(Home);
        await Home.CreateServerAsync(_token, "before", flavor, image);
        // Said at another node: this one remembers the flavor without it.
        await other.Home.Flavors.AddSpecsAsync(flavor, System.Text.Json.JsonDocument.Parse("""{"extra_specs": {"a": "b"}}""").RootElement);

        var id = (await Home.CreateServerAsync(_token, "after", flavor, image)).Json.GetProperty("server").GetProperty("id").GetString();

        Assert.That((await In("2.47", "GET", $"/servers/{id}")).Json.GetProperty("server").GetProperty("flavor").GetProperty("extra_specs").GetRawText(),
            Is.EqualTo("""{"a":"b"}"""));
    }

    private Task<Answer> In(string version, string method, string path, string? body = null) =>
        Home.SendAsync(method, "/compute/v2.1" + path, body, _token, headers: [("OpenStack-API-Version", $"compute {version}")]);

    private static Task<Answer> AdminIn(string version, string method, string path, string? body = null) =>
        Home.AdminAsync(method, "/compute/v2.1" + path, body, ("OpenStack-API-Version", $"compute {version}"));
}
