using System.Globalization;
using System.Text.Json;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>Usage over HTTP (nova-api, section 4). Servers here were launched on 2 January 2026, 03:04:05.</summary>
public sealed class UsageTests
{
    private const string January = "start=2026-01-01T00:00:00&end=2026-02-01T00:00:00";

    private static readonly DateTimeOffset Launched = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static HomeServer Home => SharedHome.Home;

    private string _project = "";
    private string _token = "";

    [SetUp]
    public async Task Begin() => (_project, _, _token) = await Home.NewProjectAsync();

    [Test]
    public async Task A_server_counts_from_its_launch_to_the_end_of_the_time_or_its_own()
    {
        var (runs, ended, never) = (await ServerAsync("runs"), await ServerAsync("ended"), await ServerAsync("never"));
        await Home.ReportAsync(runs, VmState.Active);
        await Home.ReportAsync(ended, VmState.Active);
        await Home.Database.ExecuteAsync($"update instance_intent set terminated_at = '2026-01-02 13:04:05+00' where id = '{ended}'");

        var usage = (await Get($"/{_project}?{January}")).Json.GetProperty("tenant_usage");
        var hours = (new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero) - Launched).TotalHours;
        var servers = usage.GetProperty("server_usages").EnumerateArray().ToDictionary(s => s.GetProperty("instance_id").GetString()!);

        Assert.That(servers.Keys, Is.EquivalentTo(new[] { runs, ended }), $"{never} never ran");
        Assert.That(servers[runs].GetProperty("hours").GetDouble(), Is.EqualTo(hours).Within(1e-6));
        Assert.That(servers[ended].GetProperty("hours").GetDouble(), Is.EqualTo(10).Within(1e-6));
        Assert.That((servers[runs].GetProperty("state").GetString(), servers[ended].GetProperty("state").GetString(), servers[ended].GetProperty("ended_at").GetString()),
            Is.EqualTo(("active", "terminated", "2026-01-02T13:04:05.000000")));
        Assert.That(usage.GetProperty("total_hours").GetDouble(), Is.EqualTo(hours + 10).Within(1e-6));
        Assert.That(usage.GetProperty("total_memory_mb_usage").GetDouble(), Is.EqualTo((hours + 10) * 512).Within(1e-3));
        Assert.That(usage.GetProperty("start").GetString(), Is.EqualTo("2026-01-01T00:00:00.000000"));
    }

    [Test]
    public async Task Before_a_launch_and_after_an_end_there_is_nothing()
    {
        await Home.ReportAsync(await ServerAsync("later"), VmState.Active);

        Assert.That((await Get($"/{_project}?start=2025-01-01T00:00:00&end=2026-01-01T00:00:00")).Json.GetProperty("tenant_usage").GetRawText(), Is.EqualTo("{}"));
    }

    [Test]
    public async Task Admins_see_every_project_with_its_servers_when_asked()
    {
        await Home.ReportAsync(await ServerAsync("x"), VmState.Active);

        var plain = await Home.AdminAsync("GET", $"/compute/v2.1/os-simple-tenant-usage?{January}");
        var detailed = await Home.AdminAsync("GET", $"/compute/v2.1/os-simple-tenant-usage?{January}&detailed=1");

        Assert.That(Mine(plain).TryGetProperty("server_usages", out _), Is.False);
        Assert.That(Mine(detailed).GetProperty("server_usages").GetArrayLength(), Is.EqualTo(1));
        Assert.That((await Get($"?{January}")).Status, Is.EqualTo(403));
        Assert.That((await Get($"/{Home.AdminProject}?{January}")).Status, Is.EqualTo(403));

        JsonElement Mine(Answer answer) => answer.Json.GetProperty("tenant_usages").EnumerateArray().Single(u => u.GetProperty("tenant_id").GetString() == _project);
    }

    [Test]
    public async Task From_2_40_on_there_are_pages()
    {
        foreach (var name in new[] { "a", "b", "c" })
            await Home.ReportAsync(await ServerAsync(name), VmState.Active);
        var seen = new List<string>();

        for (var path = $"/{_project}?{January}&limit=2"; path is not null;)
        {
            var page = (await Home.SendAsync("GET", "/compute/v2.1/os-simple-tenant-usage" + path, token: _token, headers: [("OpenStack-API-Version", "compute 2.40")])).Json;
            if (page.GetProperty("tenant_usage").TryGetProperty("server_usages", out var servers))
                seen.AddRange(servers.EnumerateArray().Select(s => s.GetProperty("name").GetString()!));
            var next = page.TryGetProperty("tenant_usage_links", out var links) ? links[0].GetProperty("href").GetString()! : null;
            path = next?[next.IndexOf($"/{_project}", StringComparison.Ordinal)..];
        }

        Assert.That(seen, Is.EquivalentTo(new[] { "a", "b", "c" }));
    }

    [TestCase("start=yesterday")]
    [TestCase("start=2026-02-01T00:00:00&end=2026-01-01T00:00:00")]
    public async Task Times_that_make_no_sense_are_400(string query) => Assert.That((await Get($"/{_project}?{query}")).Status, Is.EqualTo(400));

    [Test]
    public async Task Without_times_it_is_this_moment()
    {
        var now = DateTimeOffset.UtcNow;

        var usage = await Get($"/{_project}?end={now.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)}&start=2026-01-01T00:00:00");

        Assert.That(usage.Status, Is.EqualTo(200), usage.ToString());
        Assert.That((await Get($"/{_project}")).Json.GetProperty("tenant_usage").GetRawText(), Is.EqualTo("{}"));
    }

    private Task<Answer> Get(string path) => Home.SendAsync("GET", "/compute/v2.1/os-simple-tenant-usage" + path, token: _token);

    private async Task<string> ServerAsync(string name) =>
        (await Home.CreateServerAsync(_token, name, await Home.NewFlavorAsync(), await Home.NewImageAsync())).Json.GetProperty("server").GetProperty("id").GetString()!;
}
