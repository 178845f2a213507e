using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Resize and migrations at the door (Nova API 2.1), over real HTTP: who may what when, what counts against the quota, and what the lists tell.</summary>
public sealed class ServerMoveTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static HomeServer Home => SharedHome.Home;

    private string _project = "", _token = "", _id = "", _small = "", _large = "";

    [SetUp]
    public async Task Begin()
    {
        (_project, _, _token) = await Home.NewProjectAsync();
        (_small, _large) = (await Home.NewFlavorAsync(), await Home.NewFlavorAsync(vcpus: 4, ram: 2048, disk: 20));
        var created = await Home.CreateServerAsync(_token, "web", _small, await Home.NewImageAsync());
        _id = created.Json.GetProperty("server").GetProperty("id").GetString()!;
    }

    private static IEnumerable<TestCaseData> EveryActionInEveryState() =>
        from action in new[] { InstanceAction.Resize, InstanceAction.Migrate, InstanceAction.ConfirmResize, InstanceAction.RevertResize, InstanceAction.LiveMigrate }
        from state in new[] { VmState.Active, VmState.Stopped, VmState.Paused, VmState.Suspended, VmState.Rescued, VmState.Resized, VmState.Error }
        select new TestCaseData(action, state);

    [TestCaseSource(nameof(EveryActionInEveryState))]
    public async Task Every_action_in_every_state_is_answered_as_the_table_says(InstanceAction action, VmState state)
    {
        await Home.ReportAsync(_id, state, fault: state == VmState.Error ? "no" : null);
        var verdict = InstanceLifecycle.Judge(action, Instance, new GuardedState(state, TaskState.None, Launched: true, Locked: false));

        var answer = await Home.AdminAsync("POST", $"/compute/v2.1/servers/{_id}/action", BodyOf(action));

        Assert.That(answer.Status, Is.EqualTo(!verdict.IsAccepted ? 409 : action == InstanceAction.ConfirmResize ? 204 : 202), answer.ToString());
        if (verdict.Refusal is { } words)
            Assert.That(answer.Message, Is.EqualTo(words));
        var task = (await Home.AdminAsync("GET", $"/compute/v2.1/servers/{_id}")).Json.GetProperty("server").GetProperty("OS-EXT-STS:task_state").GetString();
        Assert.That(task, Is.EqualTo(verdict.IsAccepted ? verdict.Task.Name() : null));
    }

    [Test]
    public async Task What_cannot_be_ordered_is_refused_in_Nova_s_words()
    {
        await Home.ReportAsync(_id, VmState.Active);
        var smaller = await Home.NewFlavorAsync(vcpus: 8, ram: 4096, disk: 1);

        Assert.That((await ActAsync(Resize(_small))).Message, Is.EqualTo("When resizing, instances must change flavor!"));
        Assert.That((await ActAsync("""{"resize": {"flavorRef": "none"}}""")).Message, Is.EqualTo("Flavor none could not be found."));
        Assert.That((await ActAsync(Resize(smaller))).Message, Is.EqualTo("Server disk was unable to be resized because: Unable to resize disk down."));
        Assert.That((await ActAsync("""{"resize": {}}""")).Status, Is.EqualTo(400));
        Assert.That((await ActAsync("""{"migrate": null}""")).Status, Is.EqualTo(403));
        Assert.That((await ActAsync(BodyOf(InstanceAction.LiveMigrate))).Status, Is.EqualTo(403));
        Assert.That((await Home.AdminAsync("POST", $"/compute/v2.1/servers/{_id}/action", """{"os-migrateLive": {"host": null, "block_migration": true, "disk_over_commit": false}}""")).Message,
            Does.Contain("Block migration is not supported"));
        Assert.That(await NumberAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task The_greater_of_both_flavors_counts_until_the_cell_says_what_the_server_has()
    {
        await Home.ReportAsync(_id, VmState.Active);
        Assert.That(await UsedAsync(), Is.EqualTo((1, 512)));

        Assert.That((await ActAsync(Resize(_large))).Status, Is.EqualTo(202));
        Assert.That((await UsedAsync(), await FlavorAsync()), Is.EqualTo(((4, 2048), _small)));

        await AnswerAsync(2, ActionOutcome.Done, new FlavorsHeld(Large, Small));
        Assert.That((await UsedAsync(), await FlavorAsync()), Is.EqualTo(((4, 2048), _large)));

        await Home.ReportAsync(_id, VmState.Resized, intent: 2);
        Assert.That((await ActAsync("""{"revertResize": null}""")).Status, Is.EqualTo(202));
        await AnswerAsync(3, ActionOutcome.Done, new FlavorsHeld(Small, null));
        Assert.That((await UsedAsync(), await FlavorAsync()), Is.EqualTo(((1, 512), _small)));
    }

    [Test]
    public async Task A_resize_that_failed_and_one_that_no_cell_took_count_no_more([Values] bool taken)
    {
        await Home.ReportAsync(_id, VmState.Active);
        await ActAsync(Resize(_large));

        await AnswerAsync(2, taken ? ActionOutcome.Failed : ActionOutcome.Refused, taken ? new FlavorsHeld(Small, null) : null);
        await AnswerAsync(2, ActionOutcome.Done, new FlavorsHeld(Large, Small));   // a second answer changes nothing

        Assert.That((await UsedAsync(), await FlavorAsync()), Is.EqualTo(((1, 512), _small)));
        Assert.That(await MigrationsAsync(), Is.EqualTo(new[] { ("resize", "error") }));
    }

    [Test]
    public async Task What_the_project_may_not_have_is_403_and_nothing_is_ordered()
    {
        await Home.ReportAsync(_id, VmState.Active);
        await Home.AdminAsync("PUT", $"/compute/v2.1/os-quota-sets/{_project}", """{"quota_set": {"cores": 3}}""");

        var refused = await ActAsync(Resize(_large));

        Assert.That((refused.Status, refused.Message), Is.EqualTo((403, "Quota exceeded for cores: Requested 3, but already used 1 of 3 cores")));
        Assert.That((await NumberAsync(), await UsedAsync()), Is.EqualTo((1L, (1, 512))));
    }

    [Test]
    public async Task A_resize_counts_in_a_project_that_is_over_a_limit_it_takes_nothing_of()
    {
        await Home.ReportAsync(_id, VmState.Active);
        var wider = await Home.NewFlavorAsync(vcpus: 2, ram: 512, disk: 10);
        await Home.AdminAsync("PUT", $"/compute/v2.1/os-quota-sets/{_project}", """{"quota_set": {"instances": 0, "ram": 100, "force": true}}""");

        Assert.That((await ActAsync(Resize(wider))).Status, Is.EqualTo(202));
    }

    [Test]
    public async Task An_answer_that_comes_after_the_next_resize_was_accepted_leaves_what_that_one_takes()
    {
        await Home.ReportAsync(_id, VmState.Active);
        await ActAsync(Resize(_large));
        await AnswerAsync(2, ActionOutcome.Done, new FlavorsHeld(Large, Small));
        await Home.ReportAsync(_id, VmState.Resized, intent: 2);
        await ActAsync("""{"confirmResize": null}""");
        await Home.ReportAsync(_id, VmState.Active, intent: 3);          // the row is here before the answer
        var larger = await Home.NewFlavorAsync(vcpus: 6, ram: 4096, disk: 30);
        Assert.That((await ActAsync(Resize(larger))).Status, Is.EqualTo(202));

        await AnswerAsync(3, ActionOutcome.Done, new FlavorsHeld(Large, null));

        Assert.That((await UsedAsync(), await FlavorAsync()), Is.EqualTo(((6, 4096), _large)));
        await AnswerAsync(4, ActionOutcome.Refused, new FlavorsHeld(Large, null));
        Assert.That(await UsedAsync(), Is.EqualTo((4, 2048)));
    }

    [Test]
    public async Task A_flavor_may_be_named_by_a_number()
    {
        await Home.ReportAsync(_id, VmState.Active);

        Assert.That((await ActAsync("""{"resize": {"flavorRef": 987654}}""")).Message, Is.EqualTo("Flavor 987654 could not be found."));
    }

    [Test]
    public async Task What_was_on_its_way_when_its_server_was_deleted_has_failed()
    {
        await Home.ReportAsync(_id, VmState.Active);
        await ActAsync(Resize(_large));

        await Home.Committer.CommitAsync(new Change(new HomeIntents().Terminated(Instance, At)));

        Assert.That(await MigrationsAsync(), Is.EqualTo(new[] { ("resize", "error") }));
    }

    [Test]
    public async Task The_list_tells_how_far_each_came()
    {
        await Home.ReportAsync(_id, VmState.Active);
        await ActAsync(Resize(_large));
        Assert.That(await MigrationsAsync(), Is.EqualTo(new[] { ("resize", "accepted") }));
        await AnswerAsync(2, ActionOutcome.Done, new FlavorsHeld(Large, Small), new MovedBetween("h1", "h2", null));
        Assert.That(await MigrationsAsync(), Is.EqualTo(new[] { ("resize", "finished") }));
        await Home.ReportAsync(_id, VmState.Resized, intent: 2);
        await ActAsync("""{"confirmResize": null}""");
        await AnswerAsync(3, ActionOutcome.Done, new FlavorsHeld(Large, null));
        await Home.ReportAsync(_id, VmState.Active, intent: 3);
        await Home.AdminAsync("POST", $"/compute/v2.1/servers/{_id}/action", BodyOf(InstanceAction.LiveMigrate));

        Assert.That(await MigrationsAsync(), Is.EqualTo(new[] { ("live-migration", "accepted"), ("resize", "confirmed") }));
        var shown = (await Home.AdminAsync("GET", $"/compute/v2.1/os-migrations?instance_uuid={_id}&migration_type=resize", null, ("OpenStack-API-Version", "compute 2.79"))).Json.GetProperty("migrations")[0];
        Assert.That((shown.GetProperty("source_compute").GetString(), shown.GetProperty("dest_compute").GetString()), Is.EqualTo(("h1", "h2")));
        var running = (await Home.AdminAsync("GET", $"/compute/v2.1/servers/{_id}/migrations", null, ("OpenStack-API-Version", "compute 2.79"))).Json.GetProperty("migrations");
        Assert.That(running.GetArrayLength(), Is.EqualTo(1));
        Assert.That((await Home.AdminAsync("GET", $"/compute/v2.1/servers/{_id}/migrations/{running[0].GetProperty("id").GetInt64()}", null, ("OpenStack-API-Version", "compute 2.79"))).Status, Is.EqualTo(200));
        var page = await Home.AdminAsync("GET", $"/compute/v2.1/os-migrations?instance_uuid={_id}&limit=1", null, ("OpenStack-API-Version", "compute 2.79"));
        Assert.That(page.Json.GetProperty("migrations_links")[0].GetProperty("href").GetString(), Does.Contain("marker="));
        Assert.That((await Home.SendAsync("GET", "/compute/v2.1/os-migrations", token: _token)).Status, Is.EqualTo(403));
    }

    private InstanceId Instance => new(Guid.Parse(_id));

    private Flavor Small => new(_small, _small, 1, 512, 10);

    private Flavor Large => new(_large, _large, 4, 2048, 20);

    private string BodyOf(InstanceAction action) => action switch
    {
        InstanceAction.Resize => Resize(_large),
        InstanceAction.LiveMigrate => """{"os-migrateLive": {"host": null, "block_migration": false, "disk_over_commit": false}}""",
        _ => $$"""{"{{action.RequestName()}}": null}""",
    };

    private static string Resize(string flavor) => $$$"""{"resize": {"flavorRef": "{{{flavor}}}"}}""";

    private Task<Answer> ActAsync(string body) => Home.SendAsync("POST", $"/compute/v2.1/servers/{_id}/action", body, _token);

    private async Task AnswerAsync(long intent, ActionOutcome outcome, FlavorsHeld? flavors, MovedBetween? moved = null) => await Home.Committer.CommitAsync(new Change(
        new HomeIntents().Acted(new InstanceActed(Instance, 1, intent, outcome, outcome == ActionOutcome.Done ? null : "no", "h1", At, At.AddSeconds(2)) { Flavors = flavors, Moved = moved })));

    private async Task<(int Cores, int Ram)> UsedAsync()
    {
        var limits = (await Home.SendAsync("GET", "/compute/v2.1/limits", token: _token)).Json.GetProperty("limits").GetProperty("absolute");
        return (limits.GetProperty("totalCoresUsed").GetInt32(), limits.GetProperty("totalRAMUsed").GetInt32());
    }

    private async Task<string?> FlavorAsync() =>
        (await Home.SendAsync("GET", $"/compute/v2.1/servers/{_id}", token: _token)).Json.GetProperty("server").GetProperty("flavor").GetProperty("id").GetString();

    private async Task<long> NumberAsync() => (await Home.Database.QueryAsync<long>($"select intent_number from instance_intent where id = '{_id}'")).Single();

    private async Task<(string?, string?)[]> MigrationsAsync() =>
    [
        .. (await Home.AdminAsync("GET", $"/compute/v2.1/os-migrations?instance_uuid={_id}", null, ("OpenStack-API-Version", "compute 2.79"))).Json.GetProperty("migrations").EnumerateArray()
            .Select(m => (m.GetProperty("migration_type").GetString(), m.GetProperty("status").GetString())),
    ];
}
