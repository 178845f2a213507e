using Cells.IntegrationTests.Messaging.Storage;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api;

/// <summary>What a home says while its database is away, and how often it asks it.</summary>
public sealed class DatabaseAwayTests
{
    private readonly TestGate _gate = new();
    private HomeServer _home = null!;

    [SetUp]
    public async Task Begin() => _home = await HomeServer.StartAsync(_gate);

    [TearDown]
    public async Task End() => await _home.DisposeAsync();

    [TestCase("GET", "/compute/v2.1/servers", "serviceUnavailable")]
    [TestCase("GET", "/compute/v2.1/servers/00000000-0000-4000-8000-000000000000", "serviceUnavailable")]
    [TestCase("GET", "/compute/v2.1/limits", "serviceUnavailable")]
    [TestCase("GET", "/image/v2/images", "error")]
    [TestCase("GET", "/identity/v3/projects", "error")]
    public async Task Reads_are_503_and_come_back(string method, string path, string name)
    {
        await _home.AdminAsync(method, "/compute/v2.1/extensions");
        _gate.Then(TestGate.Fault.BeforeTheWork);

        var away = await _home.AdminAsync(method, path);
        var back = await _home.AdminAsync(method, path);

        Assert.That((away.Status, away.FaultName, away.Header("Retry-After")), Is.EqualTo((503, name, "1")));
        Assert.That(back.Status, Is.AnyOf(200, 404));
    }

    [Test]
    public async Task A_create_whose_outcome_nobody_says_is_503_and_says_so()
    {
        var (flavor, image) = (await _home.NewFlavorAsync(), await _home.NewImageAsync());
        _home.Dispatch.NeverAnswers = true;

        var answer = await _home.CreateServerAsync(_home.AdminToken, "unknown", flavor, image);

        Assert.That((answer.Status, answer.FaultName, answer.Header("Retry-After")), Is.EqualTo((503, "serviceUnavailable", "1")));
        Assert.That(answer.Message, Does.Contain("is not known"));
    }

    [Test]
    public async Task A_create_asks_the_database_nothing_but_its_one_commit_once_flavor_and_image_are_known()
    {
        var (flavor, image) = (await _home.NewFlavorAsync(), await _home.NewImageAsync());
        await _home.CreateServerAsync(_home.AdminToken, "first", flavor, image);
        var before = _gate.Passed.Count;

        var second = await _home.CreateServerAsync(_home.AdminToken, "second", flavor, image);

        Assert.That(second.Status, Is.EqualTo(202));
        Assert.That(_gate.Passed, Has.Count.EqualTo(before + 1), string.Join(", ", _gate.Passed.Skip(before)));
    }

    [Test]
    public async Task A_page_of_a_thousand_servers_is_one_query_and_the_next_page_two()
    {
        var (flavor, image) = (await _home.NewFlavorAsync(), await _home.NewImageAsync());
        await _home.AdminAsync("PUT", $"/compute/v2.1/os-quota-sets/{_home.AdminProject}", "{\"quota_set\": {\"instances\": -1, \"cores\": -1, \"ram\": -1}}");
        var created = await _home.CreateServerAsync(_home.AdminToken, "many", flavor, image, "\"min_count\": 1000");
        await _home.CreateServerAsync(_home.AdminToken, "more", flavor, image, "\"min_count\": 2");
        var before = _gate.Passed.Count;

        var first = await _home.AdminAsync("GET", "/compute/v2.1/servers/detail");
        var afterFirst = _gate.Passed.Count;
        var second = await _home.AdminAsync("GET", new Uri(first.Json.GetProperty("servers_links")[0].GetProperty("href").GetString()!).PathAndQuery);

        Assert.That(created.Status, Is.EqualTo(202), created.ToString());
        Assert.That(first.Json.GetProperty("servers").GetArrayLength(), Is.EqualTo(1_000));
        Assert.That(afterFirst - before, Is.EqualTo(1));
        Assert.That(second.Json.GetProperty("servers").GetArrayLength(), Is.EqualTo(2));
        Assert.That(_gate.Passed.Count - afterFirst, Is.EqualTo(2), "the marker's row, and the page");
    }
}
