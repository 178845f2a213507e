using Cells.TestKit;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>
/// What a crash or a delete in the middle of builds leaves: nothing. The simulated hosts are a process of their own and slow, so that a crash of `up`
/// finds builds at every step.
/// </summary>
public sealed class CrashTests
{
    /// <summary>The call that each step of the build workflow waits for: ensure-image, clone-disk, size-disk, create-vm, ... seen-running.</summary>
    private static readonly string[] CallOfStep =
        ["VDI.create", "VDI.clone", "VDI.resize", "VM.create", "VBD.create", "VIF.create", "VM.start_on", "event.inject"];

    /// <summary>Where the row stands meanwhile: at the first of the steps that are joined.</summary>
    private static readonly int[] RowAtStep = [0, 0, 0, 3, 3, 3, 6, 6];

    /// <summary>Slow too, so that a delete that has nothing to wait for is still seen under way.</summary>
    private const string FirstCallOfDelete = "VM.get_all_records_where";

    private static int Steps => CallOfStep.Length;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static string _data = "";
    private static CellsUp? _up;

    private static string Topology => Path.Combine(_data, "topology.yaml");
    private static CellTables Tables => new(_data, "east-1", "east-2");

    [OneTimeSetUp]
    public static async Task StartAsync()
    {
        TestCluster.RequirePostgres();
        _data = TestCluster.NewDirectory();
        // Hosts that hold eight builds each: fifty are under way on seven of them at once, and end soon.
        await File.WriteAllTextAsync(Topology, """
            simulated_host: { vcpus: 2, memory_gib: 32, disk_gib: 200 }
            cells:
              - { name: global, kind: api }
              - { name: east, kind: routing, parent: global }
              - { name: east-1, kind: compute, parent: east, simulated_hosts: 4 }
              - { name: east-2, kind: compute, parent: east, simulated_hosts: 4 }
            """);
        _up = await CellsUp.StartAsync(_data, "--topology", Topology);
    }

    [OneTimeTearDown]
    public static async Task EndAsync()
    {
        if (_up is not null)
            await _up.DisposeAsync();
        if (_data.Length > 0)
            await CellsUp.RemoveAsync(_data);
    }

    /// <summary>Also after a test that failed halfway.</summary>
    [SetUp]
    public async Task EmptyAsync()
    {
        if (_up!.Process.HasExited)
            _up = await CellsUp.StartAsync(_data, "--topology", Topology);
        await SetLatencyAsync([]);
        using var cloud = await _up.EnterAsync();
        await cloud.LiftQuotaAsync();
        await cloud.DeleteAllAsync(Patience);
    }

    [Test]
    public async Task Killed_in_the_middle_of_builds_it_finishes_every_one_once()
    {
        await SlowDownAsync(step: TimeSpan.FromSeconds(0.5), start: TimeSpan.FromSeconds(2));
        List<string> kept, deleted;
        using (var cloud = await _up!.EnterAsync())
        {
            var image = await cloud.NewImageAsync("crash");
            var accepted = await Task.WhenAll(Enumerable.Range(1, 50).Select(i => cloud.CreateAsync($"crash-{i}", image)));
            (kept, deleted) = ([.. accepted.Take(45)], [.. accepted.Skip(45)]);
            await Eventually.SeeAsync("10 builds are under way", Patience, MiddleAsync, building => building.Count >= 12);
            await Task.WhenAll(deleted.Select(cloud.DeleteAsync));
        }

        await _up.KillAsync();

        var interrupted = await MiddleAsync();
        Assert.That(interrupted, Has.Count.GreaterThanOrEqualTo(10), "builds between their first and last step when `up` died, as its databases say");

        _up = await CellsUp.StartAsync(_data, "--topology", Topology);
        Assert.That(_up.Said, Does.Contain("took over the running PostgreSQL").And.Contain("took over the running simulator"));
        using var again = await _up.EnterAsync();
        var servers = await Eventually.SeeAsync("every server is settled", Patience, again.ServersAsync,
            all => all.All(s => s.Status is "ACTIVE" or "ERROR" && s.Task is null) && !all.Any(s => deleted.Contains(s.Id)));

        Assert.That(servers.Select(s => s.Id), Is.EquivalentTo(kept), "every accepted server is there, and only those");
        Assert.That(servers.Where(s => s.Status == "ERROR").Select(s => s.Fault), Is.All.Not.Null, "no error is without a reason");
        var held = await AccountAsync();
        Assert.That(held.Domains, Is.Unique.And.EquivalentTo(servers.Where(s => s.Status == "ACTIVE").Select(s => s.Id)), "each ACTIVE one runs once, nothing else runs");
        Assert.That(held.Vms, Is.Unique);

        await again.DeleteAllAsync(Patience);
        await AssertNothingIsLeftAsync(again);
    }

    [Test]
    public async Task A_delete_at_every_step_of_a_build_leaves_nothing()
    {
        using var cloud = await _up!.EnterAsync();

        for (var step = 0; step < Steps; step++)
            await DeleteAtAsync(cloud, step);

        await Eventually.SeeAsync("no server is left", Patience, async () => (await cloud.ServersAsync()).Count, left => left == 0);
        await AssertNothingIsLeftAsync(cloud);
    }

    /// <summary>
    /// The one call of that step is made slow, and the delete sent once the cell's own table shows the build there and the hosts what the steps before
    /// it made. That it was accepted there the table says too; a machine too busy for that gets more time.
    /// </summary>
    private static async Task DeleteAtAsync(TestCloud cloud, int step)
    {
        for (var slow = TimeSpan.FromSeconds(2); slow <= TimeSpan.FromSeconds(16); slow *= 2)
        {
            await SetLatencyAsync(new() { [CallOfStep[step]] = slow, [FirstCallOfDelete] = slow / 2 });
            var image = await cloud.NewImageAsync("deletes");                       // a new one has yet to be fetched, which is the first step
            var server = await cloud.CreateAsync($"deleted-at-{step}", image);
            await Eventually.SeeAsync(
                $"the build comes to step {step} or past it", Patience, async () => (await Tables.BuildsAsync()).FirstOrDefault(b => b.Instance == server),
                build => build.Instance == server && build.Step >= RowAtStep[step]);
            await Eventually.SeeAsync($"the hosts show what comes before step {step}", Patience, AccountAsync, held => IsMadeBefore(step, server, held));
            await cloud.DeleteAsync(server);
            var begun = await Eventually.SeeAsync("the delete is accepted", Patience, () => Tables.DeleteOfAsync(server), delete => delete.IsAccepted);
            if (begun.InterruptedStep == RowAtStep[step])
                return;
        }
        Assert.Fail($"No delete was accepted while a build was at step {step}, though '{CallOfStep[step]}' took 16 s.");
    }

    private static bool IsMadeBefore(int step, string server, Accounts held) => CallOfStep[step] switch
    {
        "VDI.resize" => held.DisksOfInstances.Any(d => d.OtherConfig.GetValueOrDefault("cells-instance") == server),
        "VBD.create" or "VIF.create" => held.Vms.Contains(server),
        "event.inject" => held.Domains.Contains(server),
        _ => true,                                              // nothing, or it is the row that tells
    };

    private static async Task<IReadOnlyList<(string Instance, int Step)>> MiddleAsync() =>
        [.. (await Tables.BuildsAsync()).Where(b => b.Step > 0 && b.Step < Steps - 1)];

    private static async Task<Accounts> AccountAsync() => await (await _up!.SimAsync()).AccountAsync();

    /// <summary>Evenly between half and one and a half of the given; the start of a VM takes longest.</summary>
    private static Task SlowDownAsync(TimeSpan step, TimeSpan start) => SetLatencyAsync(CallOfStep
        .Concat(["VDI.destroy", "VM.hard_shutdown", "VM.destroy"]).ToDictionary(c => c, c => c == "VM.start_on" ? start : step));

    private static async Task SetLatencyAsync(Dictionary<string, TimeSpan> around) =>
        await (await _up!.SimAsync()).InjectAsync(new SimFault.SetLatency(new LatencyProfile(
            around.ToDictionary(c => c.Key, Latency (c) => new Latency.Uniform(c.Value / 2, c.Value * 1.5)), null)));

    private static async Task AssertNothingIsLeftAsync(TestCloud cloud)
    {
        var held = await Eventually.SeeAsync("images that were being fetched are whole", Patience, AccountAsync, a => a.DisksOfInstances.Count == 0);
        Assert.Multiple(() =>
        {
            Assert.That(held.Domains, Is.Empty);
            Assert.That(held.Vms, Is.Empty);
        });
        Assert.That(await Tables.PromisedAsync(), Is.EqualTo((0L, 0L)), "no claim is left, and nothing is promised");
        Assert.That(await cloud.InstancesUsedAsync(), Is.Zero, "no quota is left taken");
    }
}
