using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Quota classes over HTTP (nova-api, section 4). A home of its own: the default is everybody's.</summary>
public sealed class QuotaClassTests
{
    [Test]
    public async Task The_default_class_is_what_projects_without_limits_of_their_own_have()
    {
        await using var home = await HomeServer.StartAsync();
        var (project, _, token) = await home.NewProjectAsync();
        var (own, _, _) = await home.NewProjectAsync();
        var (flavor, image) = (await home.NewFlavorAsync(), await home.NewImageAsync());
        await home.AdminAsync("PUT", $"/compute/v2.1/os-quota-sets/{own}", """{"quota_set": {"instances": 7}}""");

        var before = await home.AdminAsync("GET", "/compute/v2.1/os-quota-class-sets/default");
        var set = await home.AdminAsync("PUT", "/compute/v2.1/os-quota-class-sets/default", """{"quota_class_set": {"instances": 1, "server_groups": 3}}""", ("OpenStack-API-Version", "compute 2.50"));
        var first = await home.CreateServerAsync(token, "x", flavor, image);
        var second = await home.CreateServerAsync(token, "x", flavor, image);

        Assert.That(before.Json.GetProperty("quota_class_set").GetProperty("instances").GetInt32(), Is.EqualTo(10));
        Assert.That(before.Json.GetProperty("quota_class_set").TryGetProperty("server_groups", out _), Is.False, "since 2.50");
        Assert.That(before.Json.GetProperty("quota_class_set").TryGetProperty("floating_ips", out _), Is.True, "until 2.49");
        Assert.That((set.Status, set.Json.GetProperty("quota_class_set").GetProperty("server_groups").GetInt32()), Is.EqualTo((200, 3)), set.ToString());
        Assert.That((first.Status, second.Status), Is.EqualTo((202, 403)));
        Assert.That(await Instances(project, ""), Is.EqualTo(1));
        Assert.That(await Instances(own, ""), Is.EqualTo(7));
        Assert.That(await Instances(own, "/defaults"), Is.EqualTo(1));
        Assert.That((await home.SendAsync("GET", "/compute/v2.1/os-quota-class-sets/default", token: token)).Status, Is.EqualTo(403));
        Assert.That((await home.AdminAsync("PUT", "/compute/v2.1/os-quota-class-sets/default", """{"quota_class_set": {"shoes": 1}}""")).Status, Is.EqualTo(400));

        async Task<int> Instances(string of, string path) =>
            (await home.AdminAsync("GET", $"/compute/v2.1/os-quota-sets/{of}{path}")).Json.GetProperty("quota_set").GetProperty("instances").GetInt32();
    }
}
