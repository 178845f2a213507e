using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>
/// A hypervisor loses its power, over real HTTP and in real time: without a proof nothing of it is started elsewhere; with one everything is, once, and what
/// comes back with the host never runs.
/// </summary>
public sealed class EvacuationTests
{
    // Room for one server of 4 GiB each, beside the control domain; disks are on the repository that the members share.
    private static readonly HostShape Narrow = new() { Name = "", MemoryBytes = 8L << 30, LocalStorageBytes = 0 };
    private static readonly Flavor Wide = new("4", "wide", 1, 4096, 2);

    private ComputeWorld? _running;
    private long _number;

    private ComputeWorld World => _running!;

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task Without_a_proof_nothing_starts_elsewhere_and_with_one_the_same_vm_does_once()
    {
        var (server, from) = await LostInPoolAsync();
        var (vm, starts) = (Vms(server).Single(), World.Wires.Count("Async.VM.start_on"));

        var refused = await EvacuateAsync(server, 2);
        Assert.That(refused.Outcome, Is.EqualTo(ActionOutcome.Failed));
        Assert.That(refused.Reason, Does.Contain("does not prove").And.Contain($"cells host fenced {from.Name}"));
        Assert.That(World.Wires.Count("Async.VM.start_on"), Is.EqualTo(starts));
        Assert.That(World.ParentCell.Row(server.Instance)!.HostName, Is.EqualTo(from.Name));

        await FenceAsync(from);
        var ended = await EvacuateAsync(server, 3);

        var row = await World.ParentCell.RowAsync(server.Instance, r => r.AppliedIntent >= 3);
        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That((row.HostName == from.Name, row.VmState, row.TaskState, row.PowerState), Is.EqualTo((false, VmState.Active, TaskState.None, PowerState.Running)));
        Assert.That((Vms(server), World.Held(server.Instance)), Is.EqualTo((new[] { vm }, (1, 1, 1))));
        Assert.That(await World.Database.QueryAsync<string>($"select provider_id::text from claim where resource = 2 and instance_id = '{server.Instance}'"), Is.EqualTo(new[] { row.Host!.Value.ToString() }));

        await ComesBackAsync(from);
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 1)));
        Assert.That(await World.Database.QueryAsync<string>("select end_why from fence_proof where ended_at is not null"), Is.EqualTo(new[] { "the host was heard again" }));
        await World.DeleteAsync(server);
        Assert.That(World.Held(server.Instance), Is.EqualTo((0, 0, 0)));
        Assert.That(await World.Database.QueryAsync<long>($"select count(*) from claim where instance_id = '{server.Instance}'"), Is.EqualTo(new[] { 0L }));
    }

    [Test]
    public async Task A_host_that_is_heard_is_not_evacuated_whatever_was_said_of_it()
    {
        _running = await ComputeWorld.StartPoolAsync(members: 2, Narrow);
        var server = World.NewBuild(Wide);
        var on = (await World.BuildAsync(server)).HostName!;
        await SayFencedAsync(World.ParentCell.Hosts.Single(h => h.Name == on));
        await World.ParentCell.HostAsync(on, h => h.SettingNumber == _number && h.Fence is null);

        var refused = await EvacuateAsync(server, 2);

        Assert.That((refused.Outcome, refused.HostName), Is.EqualTo((ActionOutcome.Failed, on)));
        Assert.That(refused.Reason, Does.StartWith($"Host {on} is heard"));
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 1)));
        Assert.That(await World.Database.QueryAsync<string>("select end_why from fence_proof"), Is.EqualTo(new[] { "the host was heard when it was said" }));

        // Weeks later: it may be cut off with everything running, and the old word proves nothing of that.
        await LoseAsync(on);
        var later = await EvacuateAsync(server, 3);
        Assert.That(later.Outcome, Is.EqualTo(ActionOutcome.Failed));
        Assert.That(later.Reason, Does.Contain("does not prove"));
    }

    [Test]
    public async Task A_disk_that_went_with_its_host_is_built_anew_and_the_old_objects_go_when_the_host_is_back()
    {
        _running = await ComputeWorld.StartAsync(hosts: 2);
        var server = World.NewBuild();
        var from = await LostAsync(server);
        await FenceAsync(from);

        var ended = await EvacuateAsync(server, 2);

        var row = await World.ParentCell.RowAsync(server.Instance, r => r.AppliedIntent >= 2);
        Assert.That((ended.Outcome, ended.Reason, row.VmState, row.HostName == from.Name), Is.EqualTo((ActionOutcome.Done, (string?)null, VmState.Active, false)));
        Assert.That((await World.InspectAsync()).Instances.Single(i => i.Id == server.Instance).Attempt, Is.EqualTo(2));
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 2, 2)), "one runs; the other's record and disk are on the host that is off");
        Assert.That(await World.Database.QueryAsync<long>("select count(*) from claim"), Is.EqualTo(new[] { 3L }));

        var destroyed = World.Wires.CountAsync("VDI.destroy", World.Wires.Count("VDI.destroy") + 1);
        await ComesBackAsync(from);
        await destroyed;
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 1)));
        await World.DeleteAsync(server);
        Assert.That((await World.PromisedAsync(), World.Held(server.Instance)), Is.EqualTo(((0L, 0L), (0, 0, 0))));
    }

    [Test]
    public async Task A_stopped_server_is_stopped_where_it_comes_to()
    {
        var (server, from) = await LostInPoolAsync(async built =>
        {
            await ActAsync(built, InstanceAction.Stop, 2);
            return built;
        });
        await FenceAsync(from);

        var ended = await EvacuateAsync(server, 3);

        var row = await World.ParentCell.RowAsync(server.Instance, r => r.AppliedIntent >= 3);
        Assert.That((ended.Outcome, row.VmState, row.HostName == from.Name), Is.EqualTo((ActionOutcome.Done, VmState.Stopped, false)));
        Assert.That(World.Held(server.Instance), Is.EqualTo((0, 1, 1)));
        await ActAsync(server, InstanceAction.Start, 4);
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 1)));
    }

    [TestCase("VM.power_state_reset")]
    [TestCase("VM.start_on")]
    public async Task A_lost_answer_is_looked_for_and_the_server_runs_once(string call)
    {
        var (server, from) = await LostInPoolAsync();
        await FenceAsync(from);
        World.Fleet.Inject(new SimFault.OnCall(call, FaultKind.LoseAnswer));

        var ended = await EvacuateAsync(server, 2);

        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public async Task A_host_that_refuses_the_start_leaves_the_server_off_with_nothing_held_there_and_it_may_be_asked_again()
    {
        var (server, from) = await LostInPoolAsync();
        await FenceAsync(from);
        World.Fleet.Inject(new SimFault.OnCall("VM.start_on", FaultKind.Fail, Code: "BOOTLOADER_FAILED", Parameters: ["vm", "no kernel"]));

        var refused = await EvacuateAsync(server, 2);
        var off = await World.ParentCell.RowAsync(server.Instance, r => r is { AppliedIntent: >= 2, VmState: VmState.Stopped });
        var claims = await World.Database.QueryAsync<string>($"select provider_id::text from claim where resource = 2 and instance_id = '{server.Instance}'");
        var again = await EvacuateAsync(server, 3);

        Assert.That(refused.Outcome, Is.EqualTo(ActionOutcome.Failed));
        Assert.That(refused.Reason, Does.Contain("'power-on-there'").And.Contain("BOOTLOADER_FAILED"));
        Assert.That((off.HostName, claims), Is.EqualTo((from.Name, new[] { from.Host.ToString() })));
        Assert.That(again.Outcome, Is.EqualTo(ActionOutcome.Done));
        Assert.That((await World.ParentCell.RowAsync(server.Instance, r => r.AppliedIntent >= 3)).HostName, Is.Not.EqualTo(from.Name));
        Assert.That(World.Held(server.Instance), Is.EqualTo((0, 1, 1)), "what was off by then is off there too");
    }

    [Test]
    public async Task A_cell_that_dies_on_the_way_goes_on_and_the_server_runs_once()
    {
        var (server, from) = await LostInPoolAsync();
        await FenceAsync(from);
        var reset = World.Wires.CountAsync("VM.power_state_reset", World.Wires.Count("VM.power_state_reset") + 1);

        await World.ParentCell.SendAsync(Command(server, InstanceAction.Evacuate, 2));
        await reset;
        await World.RestartCellAsync();

        var ended = await World.ParentCell.AnswerAsync<InstanceActed>(server.Instance);
        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 1)));
        Assert.That((await World.ParentCell.RowAsync(server.Instance, r => r.AppliedIntent >= 2)).HostName, Is.Not.EqualTo(from.Name));
    }

    private async Task<(BuildInstance Server, HostRow From)> LostInPoolAsync(Func<BuildInstance, Task<BuildInstance>>? then = null)
    {
        _running = await ComputeWorld.StartPoolAsync(members: 3, Narrow);
        // The coordinator has the first one: what is lost is a member, and its pool goes on.
        var (first, server) = (World.NewBuild(Wide), World.NewBuild(Wide));
        var coordinator = World.Fleet.Hosts.Single(h => h.IsCoordinator).Name;
        if ((await World.BuildAsync(first)).HostName is var taken && taken != coordinator)
            server = first;
        else
            await World.BuildAsync(server);
        if (then is not null)
            await then(server);
        return (server, await LoseAsync(World.ParentCell.Row(server.Instance)!.HostName!));
    }

    private async Task<HostRow> LostAsync(BuildInstance server) => await LoseAsync((await World.BuildAsync(server)).HostName!);

    private async Task<HostRow> LoseAsync(string host)
    {
        World.Fleet.Inject(new SimFault.PowerLoss(host, TimeSpan.FromHours(1)));
        await World.ParentCell.HostAsync(host, h => h.Status == "down");
        return World.ParentCell.Hosts.Single(h => h.Name == host);
    }

    private async Task ComesBackAsync(HostRow host)
    {
        World.Fleet.Inject(new SimFault.PowerOn(host.Name));
        await World.ParentCell.HostAsync(host.Name, h => h is { Status: "up", Fence: null });
    }

    private async Task FenceAsync(HostRow host)
    {
        await SayFencedAsync(host);
        await World.ParentCell.HostAsync(host.Name, h => h.Fence is { Who: "op", Why: "switched off by hand" });
    }

    private Task SayFencedAsync(HostRow host) =>
        World.ParentCell.SendAsync($"host-{host.Host}", new ConfigureHost(host.Host, ComputeWorld.Cell, ++_number, Disabled: false, null, ForcedDown: false, null, [])
        {
            Fence = new FenceWord(Guid.NewGuid(), "op", "switched off by hand", DateTimeOffset.UtcNow),
        });

    private Task<InstanceActed> EvacuateAsync(BuildInstance server, long intent) => ActAsync(server, InstanceAction.Evacuate, intent);

    private async Task<InstanceActed> ActAsync(BuildInstance server, InstanceAction action, long intent)
    {
        var count = World.ParentCell.AnswersTo(server.Instance).Count;
        await World.ParentCell.SendAsync(Command(server, action, intent));
        await World.ParentCell.AnswersAsync(server.Instance, count + 1);
        return World.ParentCell.AnswersTo(server.Instance).OfType<InstanceActed>().Single(a => a.Intent == intent);
    }

    private static ActOnInstance Command(BuildInstance server, InstanceAction action, long intent) =>
        new(server.Instance, server.Epoch, intent, server.Project, server.User, $"req-{intent}", action);

    private IReadOnlyList<string> Vms(BuildInstance server) =>
        [.. World.Fleet.Account().SelectMany(h => h.Vms).Where(v => v.OtherConfig.GetValueOrDefault("cells-instance") == server.Instance.ToString()).Select(v => v.Uuid).Distinct()];
}
