using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>A host is emptied for service: what can leave it leaves, what cannot is named, and nothing is forgotten by a crash.</summary>
public sealed class DrainTests
{
    private static readonly HostShape Shared = new() { Name = "", MemoryBytes = 16L << 30, LocalStorageBytes = 0 };

    private ComputeWorld? _running;
    private long _said;

    private ComputeWorld World => _running!;

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task What_runs_moves_what_is_off_changes_its_host_by_claim_and_the_hypervisor_takes_nothing_until_the_host_is_back()
    {
        var (running, off, host) = await TwoOnOneAsync();
        var calls = Calls("VM.start_on");
        await ActAsync(off, InstanceAction.Stop, 2);

        await SayAsync(host, draining: true);
        await World.ParentCell.HostAsync(host.Name, h => h is { Drain: { Left: 0, Moving: 0, Stuck.Count: 0, TookOff: true }, Enabled: false, Instances: 0 });

        var (moved, carried) = (World.ParentCell.Row(running.Instance)!, World.ParentCell.Row(off.Instance)!);
        Assert.That((moved.VmState, moved.HostName == host.Name, moved.TaskState), Is.EqualTo((VmState.Active, false, TaskState.None)));
        Assert.That((carried.VmState, carried.HostName == host.Name), Is.EqualTo((VmState.Stopped, false)));
        Assert.That((World.Held(running.Instance), World.Held(off.Instance), Calls("VM.start_on")), Is.EqualTo(((1, 1, 1), (0, 1, 1), calls)));
        Assert.That(World.ParentCell.AnswersTo(running.Instance).OfType<InstanceActed>(), Is.Empty, "nobody above has asked for it");
        Assert.That(await World.Database.QueryAsync<long>($"select count(*) from claim where provider_id = '{host.Host}'"), Is.EqualTo(new[] { 0L }));
        Assert.That((await World.BuildAsync(World.NewBuild())).HostName, Is.Not.EqualTo(host.Name));

        await SayAsync(host, draining: false);
        await World.ParentCell.HostAsync(host.Name, h => h is { Drain: null, Enabled: true });
        await ActAsync(off, InstanceAction.Start, 3);
        Assert.That(World.Held(off.Instance), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public async Task What_cannot_leave_is_named_with_the_reason_and_leaves_once_it_can()
    {
        var (running, paused, host) = await TwoOnOneAsync();
        await ActAsync(paused, InstanceAction.Pause, 2);

        await SayAsync(host, draining: true);
        await World.ParentCell.HostAsync(host.Name, h => h.Drain is { Left: 1, Stuck: [{ Why: "it is paused, and the hypervisor moves only what runs" } stuck] } && stuck.Instance == paused.Instance);
        Assert.That(World.ParentCell.Row(running.Instance)!.HostName, Is.Not.EqualTo(host.Name));
        Assert.That(World.ParentCell.Hosts.Single(h => h.Name == host.Name).Enabled, Is.True, "it is not empty");

        await ActAsync(paused, InstanceAction.Unpause, 3);
        await World.ParentCell.HostAsync(host.Name, h => h is { Drain.Left: 0, Enabled: false });
    }

    [Test]
    public async Task Without_room_elsewhere_it_waits_and_goes_when_there_is_some()
    {
        _running = await ComputeWorld.StartPoolAsync(members: 2, Shared with { MemoryBytes = 8L << 30 });
        var wide = new Flavor("4", "wide", 1, 4096, 2);
        var (first, second) = (World.NewBuild(wide), World.NewBuild(wide));
        var host = Host((await World.BuildAsync(first)).HostName!);
        await World.BuildAsync(second);

        await SayAsync(host, draining: true);
        await World.ParentCell.HostAsync(host.Name, h => h.Drain is { Left: 1, Stuck: [var stuck] } && stuck.Why.StartsWith("No valid host was found.", StringComparison.Ordinal));
        Assert.That(World.ParentCell.Row(first.Instance)!.VmState, Is.EqualTo(VmState.Active));
        await World.DeleteAsync(second);

        await World.ParentCell.HostAsync(host.Name, h => h is { Drain.Left: 0, Enabled: false });
        Assert.That(World.Held(first.Instance), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public async Task A_cell_that_dies_in_the_middle_goes_on_draining()
    {
        var (first, second, host) = await TwoOnOneAsync();
        World.Fleet.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.pool_migrate", new Latency.Uniform(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)))));

        await SayAsync(host, draining: true);
        await World.Wires.CountAsync("Async.VM.pool_migrate", 1);
        await World.RestartCellAsync();

        await World.ParentCell.HostAsync(host.Name, h => h is { Drain.Left: 0, Enabled: false });
        Assert.That((World.Held(first.Instance), World.Held(second.Instance)), Is.EqualTo(((1, 1, 1), (1, 1, 1))));
        Assert.That((await World.PromisedAsync()).Claims, Is.EqualTo(6));
    }

    private async Task<(BuildInstance, BuildInstance, HostRow Host)> TwoOnOneAsync()
    {
        _running = await ComputeWorld.StartPoolAsync(members: 3, Shared);
        var (first, second) = (World.NewBuild(), World.NewBuild());
        var at = (await World.BuildAsync(first)).HostName!;
        Assert.That((await World.BuildAsync(second)).HostName, Is.EqualTo(at), "packed");
        return (first, second, Host(at));
    }

    private HostRow Host(string name) => World.ParentCell.Hosts.Single(h => h.Name == name);

    private Task SayAsync(HostRow host, bool draining) => World.ParentCell.SendAsync(
        host.Host.ToString(), new ConfigureHost(host.Host, ComputeWorld.Cell, ++_said, Disabled: false, null, ForcedDown: false, null, []) { Draining = draining });

    private async Task ActAsync(BuildInstance server, InstanceAction action, long intent)
    {
        var before = World.ParentCell.AnswersTo(server.Instance).Count;
        await World.ParentCell.SendAsync(new ActOnInstance(server.Instance, server.Epoch, intent, server.Project, server.User, $"req-{intent}", action));
        await World.ParentCell.AnswersAsync(server.Instance, before + 1);
    }

    private long Calls(string method) => World.Fleet.Account()[0].Mutations.Values.Sum(m => m.Where(c => c.Key.EndsWith(method, StringComparison.Ordinal)).Sum(c => c.Value));
}
