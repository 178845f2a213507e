using System.Net;
using System.Text.Json.Nodes;
using Cells.Host.Clients;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>Two processes of one API cell, each with a door, over real PostgreSQL and RabbitMQ; one of them leads.</summary>
[NonParallelizable]   // its databases are called as those of the other trees of several processes
public sealed class DoorsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly CancellationToken None = CancellationToken.None;

    private static ThreeProcesses _tree = null!;
    private static CellsProcess? _second;

    [OneTimeSetUp]
    public static async Task StartAsync()
    {
        _tree = await ThreeProcesses.StartAsync();
        _second = await _tree.StartNodeAsync("api", "two", "The door of global is open");
    }

    [OneTimeTearDown]
    public static async Task EndAsync()
    {
        if (_second is not null)
            await _second.DisposeAsync();
        if (_tree is not null)
            await _tree.DisposeAsync();
    }

    [Test, Order(1)]
    public async Task Fifty_creates_at_once_over_two_doors_at_a_limit_of_ten_give_exactly_ten()
    {
        using var first = await _tree.EnterAsync();
        using var second = await _tree.EnterByAsync("api-two");
        using var cloud = new TestCloud(first, () => _tree.Said);
        var image = await cloud.NewImageAsync("fifty");
        var limit = new JsonObject { ["quota_set"] = new JsonObject { ["instances"] = 10, ["cores"] = -1, ["ram"] = -1 } };
        Assert.That((await second.SendAsync(HttpMethod.Put, "compute", $"/os-quota-sets/{first.ProjectId}", limit, None)).Status, Is.EqualTo(HttpStatusCode.OK));

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => CreateAsync(i % 2 == 0 ? first : second, $"s-{i}", image)));

        Assert.That(answers.Count(a => a.Status == HttpStatusCode.Accepted), Is.EqualTo(10));
        Assert.That(answers.Count(a => a.Status == HttpStatusCode.Forbidden), Is.EqualTo(40));
        Assert.That(await cloud.InstancesUsedAsync(), Is.EqualTo(10));
        foreach (var accepted in answers.Where(a => a.Status == HttpStatusCode.Accepted))
            await cloud.UntilAsync((string)accepted.Body!["server"]!["id"]!, Patience, "ACTIVE");
        await cloud.DeleteAllAsync(Patience);
        Assert.That(await cloud.InstancesUsedAsync(), Is.Zero);
    }

    [Test, Order(2)]
    public async Task A_door_that_does_not_lead_serves_all_of_a_servers_life_and_says_what_it_cannot_know()
    {
        using var second = await _tree.EnterByAsync("api-two");
        using var cloud = new TestCloud(second, () => $"{_tree.Said}\n--- second\n{_second!.Said}");

        var server = await cloud.CreateAsync("by-two", await cloud.NewImageAsync("by-two"));
        await cloud.UntilAsync(server, Patience, "ACTIVE");
        var stop = await second.SendAsync(HttpMethod.Post, "compute", $"/servers/{server}/action", new JsonObject { ["os-stop"] = null }, None);
        await cloud.UntilAsync(server, Patience, "SHUTOFF");
        var (links, services) = (await second.SendAsync(HttpMethod.Get, "cells", "/links", null, None), await second.SendAsync(HttpMethod.Get, "compute", "/os-services", null, None));

        Assert.That(stop.Status, Is.EqualTo(HttpStatusCode.Accepted));
        foreach (var unknown in new[] { links, services })
        {
            Assert.That(unknown.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(unknown.Text, Does.Contain("does not lead it"));
        }
        await cloud.DeleteAllAsync(Patience);
        await Eventually.SeeAsync("nothing is left on the hosts", Patience, _tree.Sim.AccountAsync, a => a.DisksOfInstances.Count == 0 && a.Vms.Count == 0);
    }

    [Test, Order(3)]
    public async Task When_the_leader_dies_the_other_door_goes_on_and_leads_seconds_later()
    {
        using var second = await _tree.EnterByAsync("api-two");
        using var cloud = new TestCloud(second, () => $"{_tree.Said}\n--- second\n{_second!.Said}");
        var image = await cloud.NewImageAsync("after");

        await _tree.Api.KillAsync();
        var server = await cloud.CreateAsync("after", image);

        await cloud.UntilAsync(server, Patience, "ACTIVE");
        Assert.That(_second!.Said, Does.Contain("ready:"), "it leads");
        await _tree.Api.RestartAsync("The door of global is open");
        using var first = new TestCloud(await _tree.EnterAsync(), () => _tree.Said);
        await first.DeleteAllAsync(Patience);
    }

    private static Task<CloudAnswer> CreateAsync(CloudClient by, string name, string image) => by.SendAsync(
        HttpMethod.Post, "compute", "/servers",
        new JsonObject { ["server"] = new JsonObject { ["name"] = name, ["flavorRef"] = "1", ["imageRef"] = image } }, None);
}
