using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Limits of one user within a project (nova-api, section 4: os-quota-sets with user_id), and the guard of a create.</summary>
public sealed class UserQuotaTests
{
    private static HomeServer Home => SharedHome.Home;

    private string _project = "", _user = "", _token = "", _flavor = "", _image = "";

    [SetUp]
    public async Task Begin()
    {
        (_project, _user, _token) = await Home.NewProjectAsync();
        (_flavor, _image) = (await Home.NewFlavorAsync(), await Home.NewImageAsync());
    }

    [Test]
    public async Task A_user_has_the_projects_limits_until_given_others_and_again_after_a_reset()
    {
        var before = await Quota(_user);
        var set = await Put("""{"quota_set": {"instances": 2}}""");
        var own = await Quota(_user);
        var other = await Quota(Guid.NewGuid().ToString("N"));
        var project = (await Home.AdminAsync("GET", Path())).Json.GetProperty("quota_set").GetProperty("instances").GetInt32();
        var reset = await Home.AdminAsync("DELETE", Path(_user));

        Assert.That((before, set.Status, own, other, project, reset.Status, await Quota(_user)), Is.EqualTo((10, 200, 2, 10, 10, 202, 10)));
        Assert.That(set.Json.GetProperty("quota_set").GetProperty("instances").GetInt32(), Is.EqualTo(2));
    }

    [Test]
    public async Task Many_creates_of_a_user_at_once_never_pass_the_users_limit_and_others_go_on()
    {
        await Put("""{"quota_set": {"instances": 3}}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Home.CreateServerAsync(_token, "x", _flavor, _image)));
        var detail = (await Home.AdminAsync("GET", Path(_user).Replace("?", "/detail?"))).Json.GetProperty("quota_set").GetProperty("instances");
        await Home.AdminAsync("DELETE", Path(_user));
        var after = await Home.CreateServerAsync(_token, "x", _flavor, _image);

        Assert.That(answers.Count(answer => answer.Status == 202), Is.EqualTo(3), string.Join(", ", answers.Select(answer => answer.Status)));
        Assert.That(answers.First(answer => answer.Status != 202).Message, Is.EqualTo("Quota exceeded for instances: Requested 1, but already used 3 of 3 instances"));
        Assert.That((detail.GetProperty("in_use").GetInt32(), detail.GetProperty("limit").GetInt32()), Is.EqualTo((3, 3)));
        Assert.That(after.Status, Is.EqualTo(202));
    }

    [Test]
    public async Task What_fits_of_a_request_for_several_is_what_the_user_may_have()
    {
        await Put("""{"quota_set": {"instances": 2}}""");

        var created = await Home.CreateServerAsync(_token, "x", _flavor, _image, "\"min_count\": 1, \"max_count\": 5");

        Assert.That(created.Status, Is.EqualTo(202));
        Assert.That((await Home.SendAsync("GET", "/compute/v2.1/servers", token: _token)).Json.GetProperty("servers").GetArrayLength(), Is.EqualTo(2));
    }

    [TestCase("""{"quota_set": {"instances": 11}}""")]
    [TestCase("""{"quota_set": {"cores": -1}}""")]
    [TestCase("""{"quota_set": {"key_pairs": 1}}""")]
    public async Task Limits_beyond_the_projects_or_not_of_users_are_400(string body)
    {
        Assert.That((await Put(body)).Status, Is.EqualTo(400));
        Assert.That(await Quota(_user), Is.EqualTo(10));
    }

    [Test]
    public async Task Only_admins_change_them()
    {
        Assert.That((await Home.SendAsync("PUT", Path(_user), """{"quota_set": {"instances": 1}}""", _token)).Status, Is.EqualTo(403));
        Assert.That((await Home.SendAsync("DELETE", Path(_user), token: _token)).Status, Is.EqualTo(403));
        Assert.That((await Home.SendAsync("GET", Path(_user), token: _token)).Status, Is.EqualTo(200));
        Assert.That((await Home.AdminAsync("GET", Path("nobody"))).Status, Is.EqualTo(400));
    }

    private string Path(string? user = null) => $"/compute/v2.1/os-quota-sets/{_project}{(user is null ? "" : $"?user_id={user}")}";

    private Task<Answer> Put(string body) => Home.AdminAsync("PUT", Path(_user), body);

    private async Task<int> Quota(string user) => (await Home.AdminAsync("GET", Path(user))).Json.GetProperty("quota_set").GetProperty("instances").GetInt32();
}
