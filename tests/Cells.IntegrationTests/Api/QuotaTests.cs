using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Quotas, limits, and the guard of a create (nova-api, sections 1, 4 and 6).</summary>
[NonParallelizable]   // sets how the shared home's dispatcher answers
public sealed class QuotaTests
{
    private static HomeServer Home => SharedHome.Home;

    private string _project = "";
    private string _token = "";
    private string _flavor = "";
    private string _image = "";

    [SetUp]
    public async Task Begin()
    {
        (_project, _, _token) = await Home.NewProjectAsync();
        (_flavor, _image) = (await Home.NewFlavorAsync(), await Home.NewImageAsync());
    }

    [Test]
    public async Task A_new_project_has_Novas_defaults()
    {
        var limits = (await Get("/limits")).Json.GetProperty("limits").GetProperty("absolute");
        var set = (await Get($"/os-quota-sets/{_project}")).Json.GetProperty("quota_set");

        Assert.That(new[] { "maxTotalInstances", "maxTotalCores", "maxTotalRAMSize", "maxTotalKeypairs", "maxServerMeta", "maxServerGroups", "maxServerGroupMembers", "totalInstancesUsed" }
            .Select(name => limits.GetProperty(name).GetInt32()), Is.EqualTo(new[] { 10, 20, 51_200, 100, 128, 10, 10, 0 }));
        Assert.That(set.GetProperty("id").GetString(), Is.EqualTo(_project));
        Assert.That(new[] { "instances", "cores", "ram", "key_pairs", "metadata_items", "injected_files", "floating_ips" }
            .Select(name => set.GetProperty(name).GetInt32()), Is.EqualTo(new[] { 10, 20, 51_200, 100, 128, 5, -1 }));
    }

    [Test]
    public async Task Limits_can_be_raised_shown_in_use_and_put_back()
    {
        await CreateAsync();

        var updated = await Put("{\"quota_set\": {\"instances\": 50, \"cores\": \"-1\"}}");
        var detail = (await Get($"/os-quota-sets/{_project}/detail")).Json.GetProperty("quota_set");
        var defaults = (await Get($"/os-quota-sets/{_project}/defaults")).Json.GetProperty("quota_set");
        var reset = await Home.AdminAsync("DELETE", $"/compute/v2.1/os-quota-sets/{_project}");

        Assert.That(updated.Status, Is.EqualTo(200));
        Assert.That(updated.Json.GetProperty("quota_set").GetProperty("cores").GetInt32(), Is.EqualTo(-1));
        Assert.That(detail.GetProperty("instances").GetProperty("limit").GetInt32(), Is.EqualTo(50));
        Assert.That(detail.GetProperty("instances").GetProperty("in_use").GetInt32(), Is.EqualTo(1));
        Assert.That(detail.GetProperty("ram").GetProperty("in_use").GetInt32(), Is.EqualTo(512));
        Assert.That(defaults.GetProperty("instances").GetInt32(), Is.EqualTo(10));
        Assert.That(reset.Status, Is.EqualTo(202));
        Assert.That((await Get($"/os-quota-sets/{_project}")).Json.GetProperty("quota_set").GetProperty("instances").GetInt32(), Is.EqualTo(10));
    }

    [TestCase("{\"quota_set\": {\"instances\": -2}}")]
    [TestCase("{\"quota_set\": {\"instances\": \"many\"}}")]
    [TestCase("{\"quota_set\": {\"shoes\": 2}}")]
    [TestCase("{\"quota_set\": {\"instances\": 0}}")]
    public async Task Limits_that_make_no_sense_or_are_below_what_is_used_are_400(string body)
    {
        await CreateAsync();

        Assert.That((await Put(body)).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task Force_sets_a_limit_below_what_is_used()
    {
        await CreateAsync();

        Assert.That((await Put("{\"quota_set\": {\"instances\": 0, \"force\": true}}")).Status, Is.EqualTo(200));
        Assert.That((await CreateAsync()).Status, Is.EqualTo(403));
    }

    [Test]
    public async Task Only_admins_change_quotas_or_see_others()
    {
        Assert.That((await Home.SendAsync("PUT", $"/compute/v2.1/os-quota-sets/{_project}", "{\"quota_set\": {\"cores\": 99}}", _token)).Status, Is.EqualTo(403));
        Assert.That((await Get($"/os-quota-sets/{Home.AdminProject}")).Status, Is.EqualTo(403));
        Assert.That((await Get($"/limits?tenant_id={Home.AdminProject}")).Status, Is.EqualTo(403));
        Assert.That((await Home.AdminAsync("GET", $"/compute/v2.1/limits?tenant_id={_project}")).Status, Is.EqualTo(200));
        Assert.That((await Home.AdminAsync("GET", $"/compute/v2.1/os-quota-sets/{Guid.NewGuid():N}")).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task A_create_over_quota_is_403_with_Novas_text_and_leaves_nothing()
    {
        await Put("{\"quota_set\": {\"instances\": 1, \"cores\": 3, \"ram\": 600}}");
        await CreateAsync();
        var wide = await Home.NewFlavorAsync(vcpus: 4, ram: 512);

        var one = await CreateAsync();
        var several = await Home.CreateServerAsync(_token, "x", wide, _image);

        Assert.That((one.Status, one.FaultName, one.Message), Is.EqualTo((403, "forbidden",
            "Quota exceeded for instances, ram: Requested 1, 512, but already used 1, 512 of 1, 600 instances, ram")));
        Assert.That(several.Message, Is.EqualTo(
            "Quota exceeded for cores, instances, ram: Requested 4, 1, 512, but already used 1, 1, 512 of 3, 1, 600 cores, instances, ram"));
        Assert.That((await Get("/servers")).Json.GetProperty("servers").GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    public async Task Max_count_is_cut_to_what_the_quota_leaves_and_min_count_is_not()
    {
        await Put("{\"quota_set\": {\"instances\": 5}}");

        var cut = await CreateAsync("\"min_count\": 2, \"max_count\": 8");
        var refused = await CreateAsync("\"min_count\": 1, \"max_count\": 2");

        Assert.That(cut.Status, Is.EqualTo(202));
        Assert.That((await Get("/servers")).Json.GetProperty("servers").GetArrayLength(), Is.EqualTo(5));
        Assert.That((refused.Status, refused.Message), Is.EqualTo((403, "Quota exceeded for instances: Requested 1-2, but already used 5 of 5 instances")));
    }

    [Test]
    public async Task Too_many_metadata_items_are_403()
    {
        await Put("{\"quota_set\": {\"metadata_items\": 1}}");

        var answer = await CreateAsync("\"metadata\": {\"a\": \"1\", \"b\": \"2\"}");

        Assert.That((answer.Status, answer.Message), Is.EqualTo((403, "Maximum number of metadata items exceeds 1")));
        Assert.That((await CreateAsync("\"metadata\": {\"a\": \"1\"}")).Status, Is.EqualTo(202));
    }

    [Test]
    public async Task What_is_deleted_is_free_again_once_nothing_is_left_of_it()
    {
        await Put("{\"quota_set\": {\"instances\": 1}}");
        var id = (await CreateAsync()).Json.GetProperty("server").GetProperty("id").GetString();
        Home.Dispatch.DeletesTakeTime = true;
        await Home.SendAsync("DELETE", $"/compute/v2.1/servers/{id}", token: _token);
        Home.Dispatch.DeletesTakeTime = false;
        var whileDeleting = await CreateAsync();
        await Home.Database.ExecuteAsync($"update instance_intent set terminated_at = '2026-01-01' where id = '{id}'");

        Assert.That(whileDeleting.Status, Is.EqualTo(403));
        Assert.That((await CreateAsync()).Status, Is.EqualTo(202));
    }

    [Test]
    public async Task Fifty_creates_at_once_at_a_limit_of_ten_give_exactly_ten()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => CreateAsync()));

        Assert.That(answers.Count(answer => answer.Status == 202), Is.EqualTo(10));
        Assert.That(answers.Where(answer => answer.Status != 202).Select(answer => answer.Status), Has.All.EqualTo(403));
        Assert.That(await Home.Database.QueryAsync<long>($"select count(*) from instance_intent where project_id = '{_project}'"), Is.EqualTo(new[] { 10L }));
    }

    [Test]
    public async Task Two_nodes_of_one_cell_do_not_race_each_other_past_the_limit()
    {
        await using var other = new SecondNode(Home);
        var caller = new Cells.Api.Http.RequestContext(
            new Cells.Contracts.UserId(Guid.NewGuid()), new Cells.Contracts.ProjectId(Guid.Parse(_project)), ["member"], "req-test", null);
        var asked = Cells.Api.Nova.CreateServer.Of("x", _flavor, new Cells.Contracts.ImageId(Guid.Parse(_image)));

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i =>
            (i % 2 == 0 ? Home.Home : other.Home).Servers.CreateAsync(caller, asked, CancellationToken.None)));

        Assert.That(answers.Count(answer => answer.Status == 202), Is.EqualTo(10), string.Join(", ", answers.Select(answer => answer.Status)));
        Assert.That(await Home.Database.QueryAsync<long>($"select count(*) from instance_intent where project_id = '{_project}'"), Is.EqualTo(new[] { 10L }));
    }

    private Task<Answer> CreateAsync(string more = "") => Home.CreateServerAsync(_token, "x", _flavor, _image, more);

    private Task<Answer> Get(string path) => Home.SendAsync("GET", "/compute/v2.1" + path, token: _token);

    private Task<Answer> Put(string body) => Home.AdminAsync("PUT", $"/compute/v2.1/os-quota-sets/{_project}", body);
}
