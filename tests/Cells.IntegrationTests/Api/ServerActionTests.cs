using Cells.Api.Dispatch;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>POST /servers/{id}/action and the log of a server (Nova API 2.1), over real HTTP: who may what when, and what is accepted once.</summary>
[NonParallelizable]   // sets how the shared home's dispatcher answers
public sealed class ServerActionTests
{
    private static HomeServer Home => SharedHome.Home;

    private string _token = "";
    private string _id = "";

    [SetUp]
    public async Task Begin()
    {
        (_, _, _token) = await Home.NewProjectAsync();
        var created = await Home.CreateServerAsync(_token, "web", await Home.NewFlavorAsync(), await Home.NewImageAsync());
        _id = created.Json.GetProperty("server").GetProperty("id").GetString()!;
    }

    [TestCase("""{"os-start": null}""", VmState.Stopped, "powering-on")]
    [TestCase("""{"os-stop": null}""", VmState.Active, "powering-off")]
    [TestCase("""{"reboot": {"type": "SOFT"}}""", VmState.Active, "rebooting")]
    [TestCase("""{"reboot": {"type": "hard"}}""", VmState.Paused, "rebooting_hard")]
    [TestCase("""{"pause": null}""", VmState.Active, "pausing")]
    [TestCase("""{"unpause": null}""", VmState.Paused, "unpausing")]
    [TestCase("""{"suspend": null}""", VmState.Active, "suspending")]
    [TestCase("""{"resume": null}""", VmState.Suspended, "resuming")]
    public async Task An_accepted_action_shows_its_task_state_at_once_and_takes_no_second(string body, VmState state, string task)
    {
        await Home.ReportAsync(_id, state);

        var accepted = await Act(body);
        var shown = await Shown();
        var second = await Act("""{"pause": null}""");

        Assert.That((accepted.Status, accepted.Bytes.Length), Is.EqualTo((202, 0)), accepted.ToString());
        Assert.That(shown, Is.EqualTo((state.Name(), task)));
        Assert.That((second.Status, second.FaultName), Is.EqualTo((409, "conflictingRequest")));
    }

    [TestCase("""{"os-stop": null}""", VmState.Stopped, "Cannot 'stop' instance {0} while it is in vm_state stopped")]
    [TestCase("""{"reboot": {"type": "SOFT"}}""", VmState.Paused, "Cannot 'reboot' instance {0} while it is in vm_state paused")]
    [TestCase("""{"resume": null}""", VmState.Active, "Cannot 'resume' instance {0} while it is in vm_state active")]
    public async Task A_state_that_does_not_take_it_is_409_in_Nova_s_words(string body, VmState state, string message)
    {
        await Home.ReportAsync(_id, state);

        var refused = await Act(body);

        Assert.That((refused.Status, refused.FaultName, refused.Message),
            Is.EqualTo((409, "conflictingRequest", string.Format(System.Globalization.CultureInfo.InvariantCulture, message, _id))));
    }

    [TestCase("{}", 400)]
    [TestCase("""{"os-stop": null, "os-start": null}""", 400)]
    [TestCase("""{"dance": null}""", 400)]
    [TestCase("""{"reboot": {"type": "GENTLE"}}""", 400)]
    [TestCase("""{"reboot": {"type": "SOFT", "then": 1}}""", 400)]
    [TestCase("""{"reboot": null}""", 400)]
    [TestCase("""{"changePassword": {"adminPass": "x"}}""", 501)]
    [TestCase("""{"os-getConsoleOutput": {"length": "ten"}}""", 400)]
    [TestCase("""{"os-getConsoleOutput": {"lines": 10}}""", 400)]
    [TestCase("""{"os-resetState": {"state": "active"}}""", 403)]
    public async Task What_cannot_be_asked_is_refused_and_named(string body, int status)
    {
        await Home.ReportAsync(_id, VmState.Active);

        var refused = await Act(body);

        Assert.That(refused.Status, Is.EqualTo(status), refused.ToString());
        Assert.That(await Shown(), Is.EqualTo(("active", (string?)null)));
    }

    [Test]
    public async Task A_server_that_is_not_there_another_s_or_not_launched_takes_nothing()
    {
        var (_, _, other) = await Home.NewProjectAsync();

        var unlaunched = await Act("""{"reboot": {"type": "HARD"}}""");
        await Home.ReportAsync(_id, VmState.Active);
        var foreign = await Home.SendAsync("POST", $"/compute/v2.1/servers/{_id}/action", """{"os-stop": null}""", other);
        var unknown = await Home.SendAsync("POST", $"/compute/v2.1/servers/{Guid.NewGuid()}/action", """{"changePassword": {"adminPass": "x"}}""", _token);

        Assert.That((unlaunched.Status, foreign.Status, unknown.Status), Is.EqualTo((409, 404, 404)));
    }

    [Test]
    public async Task Of_many_at_one_moment_one_is_accepted_and_the_others_are_told_what_it_left()
    {
        await Home.ReportAsync(_id, VmState.Active);

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Act(i % 2 == 0 ? """{"os-stop": null}""" : """{"pause": null}""")));

        Assert.That(answers.Count(a => a.Status == 202), Is.EqualTo(1), string.Join("; ", answers.Select(a => a.ToString())));
        Assert.That(answers.Where(a => a.Status != 202).Select(a => a.Status), Is.All.EqualTo(409));
        var number = (await Home.Database.QueryAsync<long>($"select intent_number from instance_intent where id = '{_id}'")).Single();
        Assert.That(number, Is.EqualTo(2));
        Assert.That(await LogAsync(), Has.Length.EqualTo(2), "the create and the one that was accepted");
    }

    [Test]
    public async Task A_lock_holds_back_its_project_and_no_admin()
    {
        await Home.ReportAsync(_id, VmState.Active);

        var locked = await Act("""{"lock": null}""");
        var stop = await Act("""{"os-stop": null}""");
        var delete = await Home.SendAsync("DELETE", $"/compute/v2.1/servers/{_id}", token: _token);
        var byAdmin = await Home.AdminAsync("POST", $"/compute/v2.1/servers/{_id}/action", """{"os-stop": null}""");
        var unlocked = await Act("""{"unlock": null}""");

        Assert.That((locked.Status, stop.Status, stop.Message, delete.Status), Is.EqualTo((202, 409, $"Instance {_id} is locked", 409)));
        Assert.That((byAdmin.Status, unlocked.Status), Is.EqualTo((202, 202)));
        Assert.That((await Home.SendAsync("DELETE", $"/compute/v2.1/servers/{_id}", token: _token)).Status, Is.EqualTo(204));
    }

    [Test]
    public async Task A_lock_that_comes_between_is_kept_by_whoever_had_looked_before()
    {
        await Home.ReportAsync(_id, VmState.Active);
        var server = new InstanceId(Guid.Parse(_id));
        await Act("""{"lock": null}""");
        var now = DateTimeOffset.UtcNow;
        Task<CommitOutcome> Commit(IWrite write) => Home.Committer.CommitAsync(new Change(write));

        // What requests write that read the server before it was locked.
        CommitOutcome[] owners =
        [
            await Commit(new DescribeServer(server, "other", false, null, null, null, null, now, OverridesLock: false)),
            await Commit(new ChangeMetadata(server, false, new SortedDictionary<string, string> { ["a"] = "b" }, null, -1, now, OverridesLock: false)),
            await Commit(new ChangeTags(server, false, ["t"], null, now, OverridesLock: false)),
        ];
        var admins = await Commit(new ChangeTags(server, false, ["t"], null, now, OverridesLock: true));

        Assert.That(owners, Is.All.TypeOf<CommitOutcome.Missed>());
        Assert.That(admins, Is.TypeOf<CommitOutcome.Committed>());
        Assert.That((await Home.SendAsync("PUT", $"/compute/v2.1/servers/{_id}", """{"server": {"name": "other"}}""", _token)).Status, Is.EqualTo(409));
    }

    [Test]
    public async Task What_an_admin_has_locked_only_an_admin_unlocks_and_the_reason_shows_from_2_73()
    {
        await Home.ReportAsync(_id, VmState.Active);

        var locked = await Home.AdminAsync("POST", $"/compute/v2.1/servers/{_id}/action", """{"lock": {"locked_reason": "audit"}}""", ("OpenStack-API-Version", "compute 2.73"));
        var shown = (await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}", null, _token, headers: ("OpenStack-API-Version", "compute 2.73"))).Json.GetProperty("server");
        var refused = await Act("""{"unlock": null}""");

        Assert.That((locked.Status, refused.Status), Is.EqualTo((202, 403)), $"{locked} {refused}");
        Assert.That((shown.GetProperty("locked").GetBoolean(), shown.GetProperty("locked_reason").GetString()), Is.EqualTo((true, "audit")));
    }

    [Test]
    public async Task An_admin_resets_the_state_of_what_has_been_launched()
    {
        var early = await Home.AdminAsync("POST", $"/compute/v2.1/servers/{_id}/action", """{"os-resetState": {"state": "error"}}""");
        await Home.ReportAsync(_id, VmState.Active, TaskState.PoweringOff);
        var late = await Home.AdminAsync("POST", $"/compute/v2.1/servers/{_id}/action", """{"os-resetState": {"state": "error"}}""");

        Assert.That((early.Status, late.Status), Is.EqualTo((409, 202)));
        Assert.That(await Shown(), Is.EqualTo(("active", (string?)null)), "the task_state goes at once, the vm_state is its cell's to say");
    }

    [Test]
    public async Task A_forced_delete_is_a_delete_in_any_state()
    {
        await Home.ReportAsync(_id, VmState.Error, TaskState.PoweringOff, fault: "no");

        var accepted = await Act("""{"forceDelete": null}""");

        Assert.That((accepted.Status, (await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}", token: _token)).Status), Is.EqualTo((202, 404)));
    }

    [Test]
    public async Task The_log_tells_each_action_once_how_it_ended_and_why()
    {
        await Home.ReportAsync(_id, VmState.Active);
        var accepted = await Act("""{"os-stop": null}""");
        var request = accepted.Header("x-openstack-request-id")!;
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var answer = new InstanceActed(Instance, 1, 2, ActionOutcome.Failed, "Host h1: no", "h1", at, at.AddSeconds(2));
        await Home.Committer.CommitAsync(new Change([.. new Cells.Api.Nova.HomeIntents().Acted(answer)]));
        await Home.Committer.CommitAsync(new Change([.. new Cells.Api.Nova.HomeIntents().Acted(answer with { Outcome = ActionOutcome.Done })]));

        var log = await LogAsync();
        var shown = (await Home.AdminAsync("GET", $"/compute/v2.1/servers/{_id}/os-instance-actions/{request}")).Json.GetProperty("instanceAction");
        var forOwner = (await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}/os-instance-actions/{request}", token: _token)).Json.GetProperty("instanceAction");
        var pages = await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}/os-instance-actions?limit=1", null, _token, headers: ("OpenStack-API-Version", "compute 2.66"));

        Assert.That(log, Is.EqualTo(new[] { ("stop", "Error"), ("create", null) }));
        var happened = shown.GetProperty("events").EnumerateArray().Single();
        Assert.That(
            (happened.GetProperty("event").GetString(), happened.GetProperty("result").GetString(), happened.GetProperty("finish_time").GetString(), happened.GetProperty("traceback").GetString()),
            Is.EqualTo(("compute_stop_instance", "Error", "2026-01-02T03:04:07.000000", "Host h1: no")));
        Assert.That(forOwner.TryGetProperty("events", out _), Is.False, "events are for admins below 2.51");
        Assert.That(pages.Json.GetProperty("instanceActions").GetArrayLength(), Is.EqualTo(1));
        Assert.That(pages.Json.GetProperty("links")[0].GetProperty("href").GetString(), Does.Contain($"marker={request}"));
        Assert.That((await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}/os-instance-actions/req-{Guid.NewGuid()}", token: _token)).Status, Is.EqualTo(404));
    }

    [Test]
    public async Task A_server_that_no_cell_holds_and_a_lane_that_is_full_change_nothing()
    {
        await Home.ReportAsync(_id, VmState.Active);
        Home.Dispatch.NextOf[Instance] = new DispatchOutcome.NotHeld();
        var nobody = await Act("""{"os-stop": null}""");
        Home.Dispatch.NextOf[Instance] = new DispatchOutcome.LaneFull(CellName.Parse("east"), TimeSpan.FromSeconds(5));
        var full = await Act("""{"os-stop": null}""");

        Assert.That((nobody.Status, nobody.Message, full.Status, full.Header("Retry-After")), Is.EqualTo((409, $"Instance {_id} is not ready", 503, "5")));
        Assert.That(await LogAsync(), Has.Length.EqualTo(1));
    }

    private InstanceId Instance => new(Guid.Parse(_id));

    private Task<Answer> Act(string body) => Home.SendAsync("POST", $"/compute/v2.1/servers/{_id}/action", body, _token);

    private async Task<(string?, string?)> Shown()
    {
        var server = (await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}", token: _token)).Json.GetProperty("server");
        return (server.GetProperty("OS-EXT-STS:vm_state").GetString(), server.GetProperty("OS-EXT-STS:task_state").GetString());
    }

    private async Task<(string?, string?)[]> LogAsync() =>
    [
        .. (await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}/os-instance-actions", token: _token)).Json.GetProperty("instanceActions").EnumerateArray()
            .Select(a => (a.GetProperty("action").GetString(), a.GetProperty("message").GetString())),
    ];
}
