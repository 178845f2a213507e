using System.Text.Json;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Metadata, tags and descriptions of servers (nova-api, sections 2 and 3): the home's own, whatever the cells below do.</summary>
[NonParallelizable]   // sets how the shared home's dispatcher answers
public sealed class ServerDetailsTests
{
    private static HomeServer Home => SharedHome.Home;

    private string _token = "";
    private string _project = "";
    private string _id = "";

    [SetUp]
    public async Task Begin()
    {
        (_project, _, _token) = await Home.NewProjectAsync();
        _id = await NewServerAsync("web");
        await Home.ReportAsync(_id, VmState.Active);
    }

    [TearDown]
    public void End() => Home.Dispatch.DeletesTakeTime = false;

    [Test]
    public async Task Metadata_is_added_replaced_shown_and_taken_away()
    {
        var added = await Send("POST", "/metadata", """{"metadata": {"tier": "front", "owner": "ops"}}""");
        var one = await Send("PUT", "/metadata/tier", """{"meta": {"tier": "back"}}""");
        var shown = await Send("GET", "/metadata/tier");
        var removed = await Send("DELETE", "/metadata/owner");
        var listed = await Send("GET", "/metadata");
        var replaced = await Send("PUT", "/metadata", """{"metadata": {"only": "this"}}""");

        Assert.That((added.Status, Items(added)), Is.EqualTo((200, """{"owner":"ops","tier":"front"}""")));
        Assert.That((one.Status, one.Json.GetRawText()), Is.EqualTo((200, """{"meta":{"tier":"back"}}""")));
        Assert.That(shown.Json.GetRawText(), Is.EqualTo("""{"meta":{"tier":"back"}}"""));
        Assert.That(removed.Status, Is.EqualTo(204));
        Assert.That(Items(listed), Is.EqualTo("""{"tier":"back"}"""));
        Assert.That(Items(replaced), Is.EqualTo("""{"only":"this"}"""));
        Assert.That((await Send("GET", "/metadata/tier")).Status, Is.EqualTo(404));
        Assert.That((await Send("DELETE", "/metadata/tier")).Status, Is.EqualTo(404));
        Assert.That((await Send("GET", "")).Json.GetProperty("server").GetProperty("metadata").GetRawText(), Is.EqualTo("""{"only":"this"}"""));
    }

    [Test]
    public async Task Many_who_add_different_keys_at_once_all_find_theirs_and_the_quota_holds()
    {
        await Home.AdminAsync("PUT", $"/compute/v2.1/os-quota-sets/{_project}", """{"quota_set": {"metadata_items": 10}}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Send("POST", "/metadata", $$$"""{"metadata": {"key{{{i}}}": "x"}}""")));

        Assert.That(answers.Count(answer => answer.Status == 200), Is.EqualTo(10), string.Join(", ", answers.Select(answer => answer.Status)));
        Assert.That(answers.Where(answer => answer.Status != 200).Select(answer => (answer.Status, answer.Message)),
            Is.All.EqualTo((403, "Maximum number of metadata items exceeds 10")));
        var left = (await Send("GET", "/metadata")).Json.GetProperty("metadata").EnumerateObject().Select(item => item.Name);
        Assert.That(left, Is.EquivalentTo(Enumerable.Range(0, 20).Where(i => answers[i].Status == 200).Select(i => $"key{i}")));
        Assert.That((await Send("DELETE", $"/metadata/{left.First()}")).Status, Is.EqualTo(204), "taking away is never over quota");
    }

    [TestCase("POST", "/metadata", "{}")]
    [TestCase("POST", "/metadata", "{\"metadata\": {\"a/b\": \"x\"}}")]
    [TestCase("POST", "/metadata", "{\"metadata\": {\"a\": 1}}")]
    [TestCase("POST", "/metadata", "{\"metadata\": {}, \"more\": 1}")]
    [TestCase("PUT", "/metadata/a", "{\"meta\": {\"b\": \"x\"}}")]
    [TestCase("PUT", "/metadata/a", "{\"meta\": {\"a\": \"x\", \"b\": \"y\"}}")]
    [TestCase("PUT", "/tags", "{\"tags\": [\"a,b\"]}")]
    [TestCase("PUT", "/tags", "{\"tags\": [\"a\", \"a\"]}")]
    [TestCase("PUT", "/tags", "{\"tags\": \"a\"}")]
    [TestCase("PUT", "/tags/a%2Cb", null)]
    [TestCase("PUT", "", "{\"server\": {\"name\": \"\"}}")]
    [TestCase("PUT", "", "{\"server\": {\"accessIPv4\": \"nowhere\"}}")]
    [TestCase("PUT", "", "{\"server\": {\"status\": \"ACTIVE\"}}")]
    [TestCase("PUT", "", "{\"server\": {\"hostname\": \"x\"}}")]
    public async Task What_makes_no_sense_is_400_and_changes_nothing(string method, string path, string? body)
    {
        var before = (await Send("GET", "")).Json.GetRawText();

        Assert.That((await Send(method, path, body)).Status, Is.EqualTo(400));
        Assert.That((await Send("GET", "")).Json.GetRawText(), Is.EqualTo(before));
    }

    [Test]
    public async Task Tags_are_replaced_added_shown_and_taken_away()
    {
        var replaced = await Send("PUT", "/tags", """{"tags": ["red", "blue"]}""");
        var added = await Send("PUT", "/tags/green");
        var again = await Send("PUT", "/tags/green");
        var there = await Send("GET", "/tags/red");
        var removed = await Send("DELETE", "/tags/red");
        var gone = await Send("GET", "/tags/red");
        var listed = await Send("GET", "/tags");
        var cleared = await Send("DELETE", "/tags");

        Assert.That((replaced.Status, replaced.Json.GetRawText()), Is.EqualTo((200, """{"tags":["blue","red"]}""")));
        Assert.That((added.Status, added.Header("Location")), Is.EqualTo((201, $"{Home.Url}/compute/v2.1/servers/{_id}/tags/green")));
        Assert.That((again.Status, there.Status, removed.Status, gone.Status), Is.EqualTo((204, 204, 204, 404)));
        Assert.That(listed.Json.GetRawText(), Is.EqualTo("""{"tags":["blue","green"]}"""));
        Assert.That(cleared.Status, Is.EqualTo(204));
        Assert.That((await Send("GET", "")).Json.GetProperty("server").GetProperty("tags").GetRawText(), Is.EqualTo("[]"));
        Assert.That((await Send("DELETE", "/tags/red")).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task A_server_has_at_most_fifty_tags_whoever_adds_them_at_once()
    {
        await Send("PUT", "/tags", $$"""{"tags": [{{string.Join(", ", Enumerable.Range(0, 45).Select(i => $"\"t{i}\""))}}]}""");

        var answers = await Task.WhenAll(Enumerable.Range(45, 10).Select(i => Send("PUT", $"/tags/t{i}")));

        Assert.That(answers.Select(answer => answer.Status).Order(), Is.EqualTo(new[] { 201, 201, 201, 201, 201, 400, 400, 400, 400, 400 }));
        Assert.That((await Send("GET", "/tags")).Json.GetProperty("tags").GetArrayLength(), Is.EqualTo(50));
    }

    [Test]
    public async Task Tags_are_there_from_2_26_on_and_given_at_create_from_2_52_on()
    {
        var old = await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}/tags", token: _token, headers: [("OpenStack-API-Version", "compute 2.25")]);
        var tagged = await NewServerAsync("tagged", """ "tags": ["b", "a"], "networks": "auto" """);

        Assert.That(old.Status, Is.EqualTo(404));
        Assert.That(old.Header("OpenStack-API-Version"), Is.EqualTo("compute 2.25"));
        var shown = (await Home.SendAsync("GET", $"/compute/v2.1/servers/{tagged}", token: _token, headers: Latest)).Json.GetProperty("server");
        Assert.That(shown.GetProperty("tags").GetRawText(), Is.EqualTo("""["a","b"]"""));
    }

    [TestCase("tags=red,blue", "both")]
    [TestCase("tags-any=red,blue", "blue, both, red")]
    [TestCase("not-tags=red,blue", "blue, none, red")]
    [TestCase("not-tags-any=red,blue", "none")]
    [TestCase("tags=red&not-tags=blue", "red")]
    public async Task Lists_are_filtered_by_tags(string query, string names)
    {
        await Send("DELETE", "");
        foreach (var (name, tags) in new[] { ("none", ""), ("red", "\"red\""), ("blue", "\"blue\""), ("both", "\"red\", \"blue\"") })
            await NewServerAsync(name, $""" "tags": [{tags}], "networks": "auto" """);

        var listed = await Home.SendAsync("GET", $"/compute/v2.1/servers?{query}&sort_key=display_name&sort_dir=asc", token: _token, headers: Latest);
        var ignored = await Home.SendAsync("GET", $"/compute/v2.1/servers?{query}", token: _token);

        Assert.That(Names(listed), Is.EqualTo(names));
        Assert.That(ignored.Json.GetProperty("servers").GetArrayLength(), Is.EqualTo(4), "before 2.26 there are no tags to ask by");
    }

    [Test]
    public async Task A_server_is_renamed_and_described_and_its_addresses_come_and_go()
    {
        var renamed = await Send("PUT", "", """{"server": {"name": "api", "description": "of the shop", "accessIPv4": "10.1.2.3", "OS-DCF:diskConfig": "AUTO"}}""");
        var cleared = await Send("PUT", "", """{"server": {"description": null, "accessIPv4": ""}}""");
        var old = await Home.SendAsync("PUT", $"/compute/v2.1/servers/{_id}", """{"server": {"name": "old"}}""", _token);

        var server = renamed.Json.GetProperty("server");
        Assert.That(renamed.Status, Is.EqualTo(200));
        Assert.That((server.GetProperty("name").GetString(), server.GetProperty("description").GetString(), server.GetProperty("accessIPv4").GetString(),
            server.GetProperty("OS-DCF:diskConfig").GetString()), Is.EqualTo(("api", "of the shop", "10.1.2.3", "AUTO")));
        Assert.That(server.TryGetProperty("OS-EXT-STS:vm_state", out _), Is.True, "the whole server since 2.75");
        var after = cleared.Json.GetProperty("server");
        Assert.That((after.GetProperty("name").GetString(), after.GetProperty("description").GetString(), after.GetProperty("accessIPv4").GetString()),
            Is.EqualTo(("api", (string?)null, "")));
        Assert.That(old.Json.GetProperty("server").GetProperty("name").GetString(), Is.EqualTo("old"));
        Assert.That(old.Json.GetProperty("server").TryGetProperty("OS-EXT-STS:vm_state", out _), Is.False, "less than a show before 2.75");
    }

    [Test]
    public async Task A_server_that_is_not_whole_or_is_wanted_no_more_keeps_its_details()
    {
        var building = await NewServerAsync("building");
        Home.Dispatch.DeletesTakeTime = true;
        await Send("DELETE", "");

        var early = await Home.SendAsync("POST", $"/compute/v2.1/servers/{building}/metadata", """{"metadata": {"a": "b"}}""", _token);
        var late = await Send("POST", "/metadata", """{"metadata": {"a": "b"}}""");
        var renamed = await Send("PUT", "", """{"server": {"name": "late"}}""");
        var tagged = await Send("PUT", "/tags/late");

        Assert.That((early.Status, early.Message), Is.EqualTo((409, $"Cannot 'update metadata' instance {building} while it is in vm_state building")));
        Assert.That((late.Status, late.Message), Is.EqualTo((409, $"Cannot 'update metadata' instance {_id} while it is in task_state deleting")));
        Assert.That((renamed.Status, renamed.Message), Is.EqualTo((409, $"Cannot 'update' instance {_id} while it is in task_state deleting")));
        Assert.That((tagged.Status, tagged.Message), Is.EqualTo((409, $"Cannot 'update tags' instance {_id} while it is in task_state deleting")));
    }

    [Test]
    public async Task Others_and_readers_change_nothing()
    {
        var (_, _, stranger) = await Home.NewProjectAsync();
        var (_, _, reader) = await Home.NewProjectAsync("reader");

        foreach (var (method, path, body) in new[]
        {
            ("GET", "/metadata", null), ("POST", "/metadata", """{"metadata": {"a": "b"}}"""), ("GET", "/tags", null), ("PUT", "/tags/a", null),
            ("PUT", "", """{"server": {"name": "mine"}}"""),
        })
        {
            Assert.That((await Home.SendAsync(method, $"/compute/v2.1/servers/{_id}{path}", body, stranger, headers: Latest)).Status, Is.EqualTo(404), $"{method} {path}");
            Assert.That((await Home.SendAsync(method, $"/compute/v2.1/servers/{_id}{path}", body, reader, headers: Latest)).Status,
                Is.EqualTo(method == "GET" ? 404 : 403), $"{method} {path}");
        }
    }

    private static readonly (string, string)[] Latest = [("OpenStack-API-Version", "compute latest")];

    private async Task<string> NewServerAsync(string name, string more = " \"networks\": \"auto\" ")
    {
        var (flavor, image) = (await Home.NewFlavorAsync(), await Home.NewImageAsync());
        var created = await Home.CreateServerAsync(_token, name, flavor, image, more, Latest);
        Assert.That(created.Status, Is.EqualTo(202), created.ToString());
        return created.Json.GetProperty("server").GetProperty("id").GetString()!;
    }

    private Task<Answer> Send(string method, string path, string? body = null) =>
        Home.SendAsync(method, $"/compute/v2.1/servers/{_id}{path}", body, _token, headers: Latest);

    private static string Items(Answer answer) => answer.Json.GetProperty("metadata").GetRawText();

    private static string Names(Answer answer) =>
        string.Join(", ", answer.Json.GetProperty("servers").EnumerateArray().Select(server => server.GetProperty("name").GetString()));
}
