using System.Text.Json;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Server groups over HTTP (nova-api, section 4), and what a create in one commits.</summary>
public sealed class ServerGroupTests
{
    private static HomeServer Home => SharedHome.Home;

    private string _project = "";
    private string _token = "";

    [SetUp]
    public async Task Begin() => (_project, _, _token) = await Home.NewProjectAsync();

    [Test]
    public async Task A_group_is_made_shown_listed_and_deleted_in_the_form_of_each_version()
    {
        var old = await In("2.1", "POST", "", """{"server_group": {"name": "apart", "policies": ["anti-affinity"]}}""");
        var made = await In("2.64", "POST", "", """{"server_group": {"name": "two", "policy": "anti-affinity", "rules": {"max_server_per_host": 2}}}""");
        var id = Id(made);
        var shown = await In("2.13", "GET", $"/{id}");
        var listed = (await In("2.64", "GET", "?limit=1&offset=1")).Json.GetProperty("server_groups");
        var deleted = await In("2.64", "DELETE", $"/{id}");

        Assert.That((old.Status, made.Status, shown.Status, deleted.Status), Is.EqualTo((200, 200, 200, 204)), $"{old} {made}");
        Assert.That(old.Json.GetProperty("server_group").EnumerateObject().Select(m => m.Name), Is.EqualTo(new[] { "id", "name", "policies", "metadata", "members" }));
        Assert.That(made.Json.GetProperty("server_group").GetProperty("rules").GetRawText(), Is.EqualTo("""{"max_server_per_host":2}"""));
        Assert.That((shown.Json.GetProperty("server_group").GetProperty("policies").GetRawText(), shown.Json.GetProperty("server_group").GetProperty("project_id").GetString()),
            Is.EqualTo(("""["anti-affinity"]""", _project)));
        Assert.That(listed.EnumerateArray().Select(g => g.GetProperty("name").GetString()), Is.EqualTo(new[] { "two" }));
        Assert.That((await In("2.64", "GET", $"/{id}")).Status, Is.EqualTo(404));
        Assert.That((await In("2.64", "DELETE", $"/{id}")).Status, Is.EqualTo(404));
    }

    [TestCase("2.1", """{"name": "x", "policies": []}""")]
    [TestCase("2.1", """{"name": "x", "policies": ["affinity", "anti-affinity"]}""")]
    [TestCase("2.14", """{"name": "x", "policies": ["soft-affinity"]}""")]
    [TestCase("2.1", """{"name": "x", "policy": "affinity"}""")]
    [TestCase("2.64", """{"name": "x", "policies": ["affinity"]}""")]
    [TestCase("2.64", """{"name": "x", "policy": "apart"}""")]
    [TestCase("2.64", """{"name": "x", "policy": "affinity", "rules": {"max_server_per_host": 2}}""")]
    [TestCase("2.64", """{"name": "x", "policy": "anti-affinity", "rules": {"max_server_per_host": 0}}""")]
    [TestCase("2.64", """{"name": "", "policy": "affinity"}""")]
    public async Task A_group_that_makes_no_sense_is_400(string version, string group) =>
        Assert.That((await In(version, "POST", "", $$"""{"server_group": {{group}}}""")).Status, Is.EqualTo(400));

    [Test]
    public async Task Groups_are_counted_and_many_at_once_never_pass_the_limit()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 15).Select(i => In("2.64", "POST", "", $$"""{"server_group": {"name": "g{{i}}", "policy": "affinity"} }""")));

        Assert.That(answers.Count(answer => answer.Status == 200), Is.EqualTo(10), string.Join(", ", answers.Select(answer => answer.Status)));
        Assert.That(answers.Where(answer => answer.Status != 200).Select(answer => (answer.Status, answer.Message)), Is.All.EqualTo((403, "Quota exceeded, too many server groups.")));
        var limits = (await Home.SendAsync("GET", "/compute/v2.1/limits", token: _token)).Json.GetProperty("limits").GetProperty("absolute");
        Assert.That(limits.GetProperty("totalServerGroupsUsed").GetInt32(), Is.EqualTo(10));
    }

    [Test]
    public async Task A_server_made_in_a_group_is_its_member_until_it_is_deleted()
    {
        var group = Id(await In("2.64", "POST", "", """{"server_group": {"name": "apart", "policy": "anti-affinity"}}"""));

        var server = Server(await CreateAsync(group));
        var members = (await In("2.64", "GET", $"/{group}")).Json.GetProperty("server_group").GetProperty("members");
        var shown = await Home.SendAsync("GET", $"/compute/v2.1/servers/{server}", token: _token, headers: [("OpenStack-API-Version", "compute 2.71")]);
        var sent = await Home.Database.QueryAsync<string>($"select build::text from dispatch where instance = '{server}'");
        await Home.SendAsync("DELETE", $"/compute/v2.1/servers/{server}", token: _token);
        var after = (await In("2.64", "GET", $"/{group}")).Json.GetProperty("server_group").GetProperty("members");

        Assert.That(members.GetRawText(), Is.EqualTo($"[\"{server}\"]"));
        Assert.That(shown.Json.GetProperty("server").GetProperty("server_groups").GetRawText(), Is.EqualTo($"[\"{group}\"]"));
        var hint = JsonSerializer.Deserialize(sent.Single(), WireJsonContext.Default.BuildInstance)!.Hints.Group!;
        Assert.That((hint.Id, hint.Policy, hint.MaxPerHost), Is.EqualTo((Guid.Parse(group), GroupPolicy.AntiAffinity, 1)));
        Assert.That(after.GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task Members_are_counted_also_when_many_come_at_once()
    {
        await Home.AdminAsync("PUT", $"/compute/v2.1/os-quota-sets/{_project}", """{"quota_set": {"server_group_members": 3}}""");
        var group = Id(await In("2.64", "POST", "", """{"server_group": {"name": "apart", "policy": "anti-affinity"}}"""));

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => CreateAsync(group)));

        Assert.That(answers.Select(answer => answer.Status).Order(), Is.EqualTo(new[] { 202, 202, 202, 403, 403, 403 }));
        Assert.That(answers.First(answer => answer.Status == 403).Message, Is.EqualTo("Quota exceeded, too many servers in group"));
    }

    [Test]
    public async Task A_group_that_belongs_together_where_no_host_is_known_is_accepted_and_sent_nowhere()
    {
        var group = Id(await In("2.64", "POST", "", """{"server_group": {"name": "together", "policy": "affinity"}}"""));

        var server = Server(await CreateAsync(group));

        var sent = await Home.Database.QueryAsync<string>($"select build::text from dispatch where instance = '{server}'");
        var hint = JsonSerializer.Deserialize(sent.Single(), WireJsonContext.Default.BuildInstance)!.Hints;
        Assert.That((hint.Group!.Cell, hint.OnlyCell), Is.EqualTo(((CellName?)Home.Home.Options.Cell, (CellName?)null)), "through this cell itself nothing is reached");
        Assert.That(await Home.Database.QueryAsync<bool>($"select cell is null from server_group where id = '{group}'"), Is.EqualTo(new[] { true }), "the next one may choose");
    }

    [TestCase("no-uuid")]
    [TestCase("00000000-0000-4000-8000-000000000000")]
    public async Task A_group_that_is_not_there_is_400(string group) => Assert.That((await CreateAsync(group)).Status, Is.EqualTo(400));

    [Test]
    public async Task Anothers_group_is_not_there()
    {
        var group = Id(await In("2.64", "POST", "", """{"server_group": {"name": "mine", "policy": "affinity"}}"""));
        var (_, _, stranger) = await Home.NewProjectAsync();

        Assert.That((await Home.SendAsync("GET", $"/compute/v2.1/os-server-groups/{group}", token: stranger)).Status, Is.EqualTo(404));
        Assert.That((await Home.SendAsync("DELETE", $"/compute/v2.1/os-server-groups/{group}", token: stranger)).Status, Is.EqualTo(404));
        Assert.That((await CreateAsync(group, stranger)).Status, Is.EqualTo(400));
        Assert.That((await Home.SendAsync("GET", "/compute/v2.1/os-server-groups?all_projects=1", token: stranger)).Status, Is.EqualTo(403));
        Assert.That((await Home.AdminAsync("GET", "/compute/v2.1/os-server-groups?all_projects=1")).Json.GetProperty("server_groups").EnumerateArray()
            .Select(g => g.GetProperty("id").GetString()), Does.Contain(group));
    }

    private Task<Answer> In(string version, string method, string path, string? body = null) =>
        Home.SendAsync(method, "/compute/v2.1/os-server-groups" + path, body, _token, headers: [("OpenStack-API-Version", $"compute {version}")]);

    private async Task<Answer> CreateAsync(string group, string? token = null) => await Home.SendAsync(
        "POST", "/compute/v2.1/servers",
        HomeServer.Text(new { server = new { name = "x", flavorRef = await Home.NewFlavorAsync(), imageRef = await Home.NewImageAsync() } })[..^1]
            + $", \"os:scheduler_hints\": {{\"group\": \"{group}\"}}}}", token ?? _token);

    private static string Id(Answer answer) => answer.Json.GetProperty("server_group").GetProperty("id").GetString()!;

    private static string Server(Answer answer) => answer.Json.GetProperty("server").GetProperty("id").GetString()!;
}
