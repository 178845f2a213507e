using System.Text.Json;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>rebuild, rescue and unrescue at the door (Nova API 2.1, server actions), over real HTTP.</summary>
[NonParallelizable]   // sets how the shared home's dispatcher answers
public sealed class RebuildTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static HomeServer Home => SharedHome.Home;

    private string _token = "", _id = "", _first = "", _other = "";

    [SetUp]
    public async Task Begin()
    {
        (_, _, _token) = await Home.NewProjectAsync();
        (_first, _other) = (await Home.NewImageAsync(), await Home.NewImageAsync());
        var created = await Home.CreateServerAsync(_token, "web", await Home.NewFlavorAsync(), _first);
        _id = created.Json.GetProperty("server").GetProperty("id").GetString()!;
    }

    [TestCase(VmState.Active)]
    [TestCase(VmState.Stopped)]
    [TestCase(VmState.Error)]
    public async Task A_rebuild_shows_the_new_image_and_words_at_once_and_answers_with_the_server(VmState state)
    {
        await Home.ReportAsync(_id, state);

        var accepted = await Act($$$"""{"rebuild": {"imageRef": "{{{_other}}}", "name": "db", "metadata": {"a": "1"}, "adminPass": "secret", "preserve_ephemeral": false}}""");

        var server = accepted.Json.GetProperty("server");
        Assert.That((accepted.Status, accepted.Header("Location")!.EndsWith($"/servers/{_id}", StringComparison.Ordinal)), Is.EqualTo((202, true)), accepted.ToString());
        Assert.That(
            (server.GetProperty("status").GetString(), server.GetProperty("name").GetString(), ImageOf(server), server.GetProperty("adminPass").GetString()),
            Is.EqualTo(("REBUILD", "db", _other, "secret")));
        Assert.That(server.GetProperty("metadata").GetProperty("a").GetString(), Is.EqualTo("1"));
        Assert.That(server.TryGetProperty("OS-EXT-STS:vm_state", out _), Is.False, "before 2.75 it was answered with less than a show");
        Assert.That(ImageOf(await ShownAsync()), Is.EqualTo(_other));
        Assert.That((await Act($$$"""{"rebuild": {"imageRef": "{{{_other}}}"}}""")).Status, Is.EqualTo(409));
    }

    [TestCase("2.54", """{"imageRef": "{0}", "key_name": "nobody"}""", 400)]
    [TestCase("2.57", """{"imageRef": "{0}", "user_data": "IyEvYmluL3No"}""", 400)]
    [TestCase("2.53", """{"imageRef": "{0}", "key_name": null}""", 400)]
    [TestCase("2.54", """{"imageRef": "{0}", "key_name": null}""", 202)]
    [TestCase("2.1", """{"name": "db"}""", 400)]
    [TestCase("2.1", """{"imageRef": "not an id"}""", 400)]
    [TestCase("2.1", """{"imageRef": "11111111-2222-3333-4444-555555555555"}""", 400)]
    [TestCase("2.1", """{"imageRef": "{0}", "dance": 1}""", 400)]
    public async Task What_a_rebuild_asks_for_is_judged_by_its_version(string version, string body, int status)
    {
        await Home.ReportAsync(_id, VmState.Active);

        var answer = await Home.SendAsync(
            "POST", $"/compute/v2.1/servers/{_id}/action", $$$"""{"rebuild": {{{body.Replace("{0}", _other, StringComparison.Ordinal)}}}}""", _token,
            headers: ("OpenStack-API-Version", $"compute {version}"));

        Assert.That(answer.Status, Is.EqualTo(status), answer.ToString());
        Assert.That(ImageOf(await ShownAsync()), Is.EqualTo(status == 202 ? _other : _first));
    }

    [TestCase(ActionOutcome.Done, false, true)]
    [TestCase(ActionOutcome.Failed, false, false)]
    [TestCase(ActionOutcome.Refused, false, false)]
    [TestCase(ActionOutcome.Failed, true, true)]
    public async Task The_image_that_is_shown_after_it_is_the_one_that_the_server_has(ActionOutcome outcome, bool hasIt, bool shown)
    {
        await Home.ReportAsync(_id, VmState.Active);
        await Act($$$"""{"rebuild": {"imageRef": "{{{_other}}}"}}""");
        var answer = new InstanceActed(new InstanceId(Guid.Parse(_id)), 1, 2, outcome, "words", "h1", At, At) { Image = new ImageId(Guid.Parse(hasIt ? _other : _first)) };

        await Home.Committer.CommitAsync(new Change([.. new HomeIntents().Acted(answer)]));
        await Home.Committer.CommitAsync(new Change([.. new HomeIntents().Acted(answer with { Outcome = ActionOutcome.Failed, Image = null })]));

        Assert.That(ImageOf(await ShownAsync()), Is.EqualTo(shown ? _other : _first), "an answer that comes again changes nothing");
    }

    [Test]
    public async Task A_rescue_answers_the_password_and_an_unrescue_nothing()
    {
        await Home.ReportAsync(_id, VmState.Active);
        var early = await Act("""{"unrescue": null}""");
        var rescue = await Act($$$"""{"rescue": {"adminPass": "secret", "rescue_image_ref": "{{{_other}}}"}}""");
        Assert.That((early.Status, rescue.Status, rescue.Json.GetProperty("adminPass").GetString()), Is.EqualTo((409, 200, "secret")), rescue.ToString());
        Assert.That(ImageOf(await ShownAsync()), Is.EqualTo(_first), "what it boots from for a while is not its image");
    }

    [TestCase("""{"rescue": null}""", VmState.Stopped, 200)]
    [TestCase("""{"rescue": {}}""", VmState.Error, 200)]
    [TestCase("""{"rescue": {"rescue_image_ref": "x"}}""", VmState.Active, 400)]
    [TestCase("""{"rescue": {"dance": 1}}""", VmState.Active, 400)]
    [TestCase("""{"rescue": null}""", VmState.Paused, 409)]
    [TestCase("""{"rescue": null}""", VmState.Rescued, 409)]
    [TestCase("""{"unrescue": null}""", VmState.Rescued, 202)]
    [TestCase("""{"os-stop": null}""", VmState.Rescued, 409)]
    [TestCase("""{"rebuild": {"imageRef": "11111111-2222-3333-4444-555555555555"}}""", VmState.Rescued, 409)]
    public async Task Each_is_taken_in_the_states_that_Nova_takes_it_in(string body, VmState state, int status)
    {
        await Home.ReportAsync(_id, state);

        var answer = await Act(body);

        Assert.That(answer.Status, Is.EqualTo(status), answer.ToString());
    }

    private Task<Answer> Act(string body) => Home.SendAsync("POST", $"/compute/v2.1/servers/{_id}/action", body, _token);

    private async Task<JsonElement> ShownAsync() => (await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}", token: _token)).Json.GetProperty("server");

    private static string? ImageOf(JsonElement server) => server.GetProperty("image").GetProperty("id").GetString();
}
