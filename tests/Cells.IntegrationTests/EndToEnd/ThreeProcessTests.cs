using System.Diagnostics;
using Cells.Host.Replay;
using Cells.XenSim.Faults;
using NUnit.Framework;
using Latency = Cells.XenSim.Faults.Latency;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>A tree of three processes, over PostgreSQL and RabbitMQ: it does what one process does, and outlives the death of each.</summary>
public sealed class ThreeProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static ThreeProcesses? _tree;

    private static ThreeProcesses Tree => _tree!;

    [OneTimeSetUp]
    public static async Task StartAsync() => _tree = await ThreeProcesses.StartAsync();

    [OneTimeTearDown]
    public static async Task EndAsync()
    {
        if (_tree is not null)
            await _tree.DisposeAsync();
    }

    [Test]
    public async Task A_server_is_built_and_deleted_through_the_tree()
    {
        using var cloud = await Tree.EnterForTestsAsync();
        var server = await cloud.CreateAsync("one", await cloud.NewImageAsync("one"));

        await cloud.UntilAsync(server, Patience, "ACTIVE");

        Assert.That((await Tree.Sim.AccountAsync()).HostOf(server), Does.StartWith("east-"));
        await cloud.DeleteAllAsync(Patience);
        await AssertNothingIsLeftAsync(cloud);
    }

    [Test]
    public async Task Each_process_is_killed_in_the_middle_of_a_trace_and_nothing_is_lost_or_there_twice()
    {
        using var client = await Tree.EnterAsync();
        using var cloud = await Tree.EnterForTestsAsync();
        await cloud.LiftQuotaAsync();
        var fire = new TraceUnderFire(client, await cloud.NewImageAsync("fire"), lasts: TimeSpan.FromSeconds(60));
        var events = TraceEvent.InOrder(TraceRow.Read(Path.Combine(ReplayTests.Repository, "Cells.Host", "samples", "trace.csv")), limit: 120).ToList();

        await SlowDownAsync(TimeSpan.FromSeconds(2));
        var replay = fire.RunAsync(events);
        await AcceptedAsync(8);
        await Tree.East1.KillAndRestartAsync("ready:");
        await AcceptedAsync(24);
        await Tree.Api.KillAndRestartAsync("ready:");
        await AcceptedAsync(40);
        await Tree.East2.KillAndRestartAsync("ready:");
        Assert.That(replay.IsCompleted, Is.False, "the processes died in the middle of the trace");
        await replay;
        await SlowDownAsync(TimeSpan.Zero);

        var kept = fire.Kept;
        var servers = await Eventually.SeeAsync("every server is settled", Patience, cloud.ServersAsync,
            all => all.All(s => s.Status is "ACTIVE" or "ERROR" && s.Task is null) && all.Count(s => !fire.Unanswered.Contains(s.Name)) == kept.Count);
        Assert.That(servers.Where(s => !fire.Unanswered.Contains(s.Name)).Select(s => s.Id), Is.EquivalentTo(kept), "every accepted server is there, and only those");
        Assert.That(servers.Select(s => s.Name), Is.Unique);
        Assert.That(servers.Where(s => s.Status == "ERROR").Select(s => s.Fault), Is.All.Not.Null, "no error is without a reason");
        var held = await Tree.Sim.AccountAsync();
        Assert.That(held.Domains, Is.Unique.And.EquivalentTo(servers.Where(s => s.Status == "ACTIVE").Select(s => s.Id)), "each ACTIVE one runs once, nothing else runs");
        Assert.That(held.Vms, Is.Unique);
        await TestContext.Out.WriteLineAsync($"{events.Count} requests, {fire.Accepted} accepted, {fire.Unanswered.Count} without an answer, {servers.Count(s => s.Status == "ACTIVE")} active at the end");
        await cloud.DeleteAllAsync(Patience);
        await AssertNothingIsLeftAsync(cloud);

        Task AcceptedAsync(int count) => Eventually.IsSoAsync($"{count} servers are accepted", Patience, () => fire.Accepted >= count);
    }

    [Test]
    public async Task A_broker_that_dies_and_one_that_is_wiped_in_the_middle_of_builds_lose_nothing([Values] bool wiped)
    {
        using var cloud = await Tree.EnterForTestsAsync();
        await cloud.LiftQuotaAsync();
        var image = await cloud.NewImageAsync("bus");
        var before = await Task.WhenAll(Enumerable.Range(1, 10).Select(i => cloud.CreateAsync($"before-{i}", image)));

        await Tree.Broker.KillAsync(CancellationToken.None);
        var during = await Task.WhenAll(Enumerable.Range(1, 10).Select(i => cloud.CreateAsync($"during-{i}", image)));
        await Eventually.SeeAsync("the link says what is wrong", Patience, cloud.LinkProblemsAsync, problems => problems.Any(p => p.Contains("cannot be reached", StringComparison.Ordinal)));
        if (wiped)
        {
            await Tree.Broker.WipeAsync(CancellationToken.None);
            await Tree.ImportDefinitionsAsync();
        }
        else
        {
            await Tree.Broker.RestartAsync(CancellationToken.None);
        }

        foreach (var server in before.Concat(during))
            await cloud.UntilAsync(server, Patience, "ACTIVE");
        Assert.That((await Tree.Sim.AccountAsync()).Domains, Is.EquivalentTo(before.Concat(during)), "each runs once");
        await Eventually.SeeAsync("the link is well again", Patience, cloud.LinkProblemsAsync, problems => problems.Count == 0);
        await cloud.DeleteAllAsync(Patience);
        await AssertNothingIsLeftAsync(cloud);
    }

    [Test]
    public async Task A_second_process_on_the_same_directory_is_refused()
    {
        var second = await CellsUp.RunCellsAsync("run", "--config", Tree.FileOf("east-1"));

        Assert.That(second.Code, Is.EqualTo(1));
        Assert.That(second.Error, Does.Contain("is in use by process"));
    }

    [Test]
    public async Task A_process_that_stood_still_ends_when_it_sees_that_another_has_taken_over()
    {
        await using var standby = await Tree.StartStandbyAsync("east-2", until: "stands by until its lease is free");
        Tree.East2.Pause();
        await Eventually.IsSoAsync("the second process runs the cell", Patience, () => standby.Said.Contains("ready:", StringComparison.Ordinal));

        Tree.East2.Continue();

        Assert.That(await Tree.East2.EndedAsync(), Is.EqualTo(1));
        Assert.That(Tree.East2.Said, Does.Contain("Another process runs cell east-2 now, so this one ends."));
        await Tree.East2.RestartAsync("stands by until its lease is free");
        await standby.KillAsync();
        using var cloud = await Tree.EnterForTestsAsync();
        var server = await cloud.CreateAsync("after", await cloud.NewImageAsync("after"));
        await cloud.UntilAsync(server, Patience, "ACTIVE");
        await cloud.DeleteAllAsync(Patience);
        await AssertNothingIsLeftAsync(cloud);
    }

    /// <summary>Starts take about so long, so that a process that dies leaves builds under way.</summary>
    private static Task SlowDownAsync(TimeSpan start) => Tree.Sim.InjectAsync(new SimFault.SetLatency(new LatencyProfile(
        start == TimeSpan.Zero ? new Dictionary<string, Latency>() : new() { ["VM.start_on"] = new Latency.Uniform(start / 2, start * 1.5) }, null)));

    [Test]
    public async Task A_second_process_of_a_cell_stands_by_and_takes_over_when_the_first_dies()
    {
        await using var standby = await Tree.StartStandbyAsync("east-1", until: "stands by until its lease is free");
        using var cloud = await Tree.EnterForTestsAsync();
        var image = await cloud.NewImageAsync("standby");
        foreach (var server in await Task.WhenAll(Enumerable.Range(1, 6).Select(i => cloud.CreateAsync($"before-{i}", image))))
            await cloud.UntilAsync(server, Patience, "ACTIVE");
        Assert.That(standby.Said, Does.Not.Contain("ready:"));

        await Tree.East1.KillAsync();
        var died = Stopwatch.GetTimestamp();
        await Eventually.IsSoAsync("the second process runs the cell", Patience, () => standby.Said.Contains("ready:", StringComparison.Ordinal));
        await TestContext.Out.WriteLineAsync($"taken over after {Stopwatch.GetElapsedTime(died).TotalSeconds:0.0} s");
        await cloud.DeleteAllAsync(Patience);
        await AssertNothingIsLeftAsync(cloud);

        // The first comes back, and now it is the one to wait.
        await Tree.East1.RestartAsync("stands by until its lease is free");
        var before = Tree.East1.TimesSaid("ready:");
        await standby.KillAsync();
        await Eventually.IsSoAsync("the first process runs the cell again", Patience, () => Tree.East1.TimesSaid("ready:") > before);
    }

    private static async Task AssertNothingIsLeftAsync(TestCloud cloud)
    {
        var held = await Eventually.SeeAsync("nothing is left on the hosts", Patience, Tree.Sim.AccountAsync, a => a.DisksOfInstances.Count == 0 && a.Vms.Count == 0);
        Assert.That(held.Domains, Is.Empty);
        Assert.That(await cloud.InstancesUsedAsync(), Is.Zero, "no quota is left taken");
    }
}
