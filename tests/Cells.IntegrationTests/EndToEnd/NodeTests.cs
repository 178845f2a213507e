using System.Diagnostics;
using Cells.XenSim.Faults;
using NUnit.Framework;
using Latency = Cells.XenSim.Faults.Latency;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>A compute cell of two processes over real PostgreSQL and RabbitMQ: each has pools, and each may die, stand still, leave and come back.</summary>
[NonParallelizable]   // its databases are called as those of the other trees of several processes
public sealed class NodeTests
{
    private const string First = "one", Second = "two";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // The issue's figure is 5 s; the machine that tests is slower than the one that serves.
    private static readonly TimeSpan OwnedWithin = TimeSpan.FromSeconds(8);

    private static ThreeProcesses _tree = null!;
    private static CellsProcess _first = null!;
    private static CellsProcess? _second;

    [OneTimeSetUp]
    public static async Task StartAsync()
    {
        _tree = await ThreeProcesses.StartAsync();
        // Two nodes with names, in place of the one process that joined.
        await _tree.East1.StopAsync();
        _first = await _tree.StartNodeAsync("east-1", First, "ready:");
    }

    [OneTimeTearDown]
    public static async Task EndAsync()
    {
        foreach (var process in new[] { _second, _first }.OfType<CellsProcess>())
            await process.DisposeAsync();
        if (_tree is not null)
            await _tree.DisposeAsync();
    }

    [Test, Order(1)]
    public async Task A_node_that_joins_is_given_its_share_and_one_that_leaves_gives_it_back()
    {
        await Eventually.SeeAsync("one node has both pools", Patience, () => _tree.PoolsOfAsync("east-1"), pools => pools.Count == 2 && pools.All(p => p.IsOwnedBy(First)));

        _second = await _tree.StartNodeAsync("east-1", Second, "takes part");
        await DividedAsync();
        await ShownAsync("one leads, two; 1 pool each", "one leads 1", "two 1");
        Assert.That(_second.Said, Does.Not.Contain("ready:"), "it does not lead");
        await WorksAsync();

        await _second.StopAsync();
        var left = Stopwatch.GetTimestamp();
        await Eventually.SeeAsync("the one that stays has both", OwnedWithin, () => _tree.PoolsOfAsync("east-1"), pools => pools.All(p => p.IsOwnedBy(First)));
        await TestContext.Out.WriteLineAsync($"owned again {Stopwatch.GetElapsedTime(left).TotalSeconds:0.0} s after an orderly end");
        await WorksAsync();
    }

    [Test, Order(2)]
    public async Task A_node_killed_in_the_middle_of_builds_leaves_its_pools_to_the_other_and_each_server_runs_once()
    {
        await JoinAsync();
        await UnderBuildsAsync(async () =>
        {
            await _second!.KillAsync();
            await TakenOverAsync(from: Second, by: First, "the death of a node");
            await ShownAsync("the dead one is missing", "one leads 2", "two missing 0");
        });
        await _second!.RestartAsync("takes part");
        await DividedAsync();
    }

    [Test, Order(3)]
    public async Task A_node_that_stood_still_has_no_effect_when_it_goes_on()
    {
        await JoinAsync();
        await UnderBuildsAsync(async () =>
        {
            _second!.Pause();
            await TakenOverAsync(from: Second, by: First, "a node stands still");
            _second.Continue();
        });
        await DividedAsync();
        await WorksAsync();
    }

    [Test, Order(4)]
    public async Task The_leader_is_killed_in_the_middle_of_builds_and_the_other_node_leads()
    {
        await JoinAsync();
        await UnderBuildsAsync(async () =>
        {
            var led = _second!.TimesSaid("ready:");
            await _first.KillAsync();
            await TakenOverAsync(from: First, by: Second, "the death of the leader");
            await Eventually.IsSoAsync("the other node leads", Patience, () => _second!.TimesSaid("ready:") > led);
        });
        await _first.RestartAsync("takes part");
        await DividedAsync();
        await WorksAsync();
    }

    private static async Task JoinAsync()
    {
        _second ??= await _tree.StartNodeAsync("east-1", Second, "takes part");
        if (_second.HasEnded)
            await _second.RestartAsync("takes part");
        await DividedAsync();
    }

    private static async Task DividedAsync() => await Eventually.SeeAsync(
        "each node has one pool", Patience, () => _tree.PoolsOfAsync("east-1"),
        pools => pools.Count(p => p.IsOwnedBy(First)) == 1 && pools.Count(p => p.IsOwnedBy(Second)) == 1);

    /// <summary>What an operator sees of the cell's nodes, through the API cell.</summary>
    private static async Task ShownAsync(string what, params string[] wanted)
    {
        using var cloud = await _tree.EnterForTestsAsync();
        await Eventually.SeeAsync(what, Patience, async () => (await cloud.CellsAsync()).Single(c => (string)c!["name"]! == "east-1")!["nodes"]?.AsArray()
            .Select(n => $"{n!["name"]}{((bool)n["leads"]! ? " leads" : "")}{((bool)n["lives"]! ? "" : " missing")} {n["pools"]!.AsArray().Count}").ToArray() ?? [],
            shown => shown.SequenceEqual(wanted));
    }

    private static async Task TakenOverAsync(string from, string by, string after)
    {
        var since = Stopwatch.GetTimestamp();
        await Eventually.SeeAsync("its pool is owned again", OwnedWithin, () => _tree.PoolsOfAsync("east-1"), pools => pools.All(p => p.IsOwnedBy(by)));
        await TestContext.Out.WriteLineAsync($"owned again {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s after {after}");
        Assert.That(from, Is.Not.EqualTo(by));
    }

    /// <summary>Builds that take their time, so that a process that dies leaves some under way; at the end each runs exactly once, and goes again.</summary>
    private static async Task UnderBuildsAsync(Func<Task> strike)
    {
        using var cloud = await _tree.EnterForTestsAsync();
        await cloud.LiftQuotaAsync();
        var image = await cloud.NewImageAsync("nodes");
        await SlowDownAsync(TimeSpan.FromSeconds(2));
        var servers = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => cloud.CreateAsync($"n-{i}", image)));
        await Eventually.SeeAsync("some run", Patience, cloud.ServersAsync, shown => shown.Any(s => s.Status == "ACTIVE"));

        await strike();

        await SlowDownAsync(TimeSpan.Zero);
        foreach (var server in servers)
            await cloud.UntilAsync(server, Patience, "ACTIVE");
        var held = await _tree.Sim.AccountAsync();
        Assert.That(held.Domains, Is.EquivalentTo(servers), "each runs once");
        Assert.That(held.Vms, Is.EquivalentTo(servers), "there is no second VM of any");
        await DeleteAllAsync(cloud);
    }

    /// <summary>Every pool is served by somebody, and a build comes to its end.</summary>
    private static async Task WorksAsync()
    {
        using var cloud = await _tree.EnterForTestsAsync();
        await Eventually.SeeAsync(
            "all hosts are up", Patience, cloud.HostsAsync, hosts => hosts.Count(h => (string)h!["status"]! == "up") == 4);
        var server = await cloud.CreateAsync("works", await cloud.NewImageAsync("works"));
        await cloud.UntilAsync(server, Patience, "ACTIVE");
        await DeleteAllAsync(cloud);
    }

    private static async Task DeleteAllAsync(TestCloud cloud)
    {
        await cloud.DeleteAllAsync(Patience);
        await Eventually.SeeAsync("nothing is left on the hosts", Patience, _tree.Sim.AccountAsync, a => a.DisksOfInstances.Count == 0 && a.Vms.Count == 0);
    }

    private static Task SlowDownAsync(TimeSpan start) => _tree.Sim.InjectAsync(new SimFault.SetLatency(new LatencyProfile(
        start == TimeSpan.Zero ? new Dictionary<string, Latency>() : new() { ["VM.start_on"] = new Latency.Uniform(start / 2, start * 1.5) }, null)));
}
