using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>Live migration in a pool of three members that share a repository: one VM, one disk, and claims that go with them.</summary>
public sealed class MigrationTests
{
    // Room for one server of 4 GiB each, beside the control domain.
    private static readonly HostShape Narrow = new() { Name = "", MemoryBytes = 8L << 30, LocalStorageBytes = 0 };
    private static readonly Flavor Wide = new("4", "wide", 1, 4096, 2);

    private ComputeWorld? _running;

    private ComputeWorld World => _running!;

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task A_server_runs_on_another_host_with_the_same_vm_and_holds_nothing_of_the_old_one()
    {
        var (server, from) = await BuiltAsync();
        var vm = Vm(server);

        var ended = await ActAsync(server, InstanceAction.LiveMigrate, 2);

        var row = await World.ParentCell.RowAsync(server.Instance, r => r.AppliedIntent >= 2);
        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That((row.HostName == from, row.VmState, row.TaskState), Is.EqualTo((false, VmState.Active, TaskState.None)));
        Assert.That((ended.Moved!.From, ended.Moved.To, ended.Moved.Why!.Chosen), Is.EqualTo((from, row.HostName, row.HostName)));
        Assert.That((Vm(server), World.Held(server.Instance)), Is.EqualTo((vm, (1, 1, 1))));
        Assert.That(await ClaimsAsync(), Is.EqualTo(new[] { (row.Host!.Value.ToString(), 4132L, (short)1) }));
        await AssertGoneAsync(server);
    }

    [Test]
    public async Task A_paused_server_is_not_moved_for_no_hypervisor_does()
    {
        var (server, from) = await BuiltAsync();
        await ActAsync(server, InstanceAction.Pause, 2);

        var ended = await ActAsync(server, InstanceAction.LiveMigrate, 3);

        Assert.That((ended.Outcome, ended.HostName), Is.EqualTo((ActionOutcome.Failed, from)));
        Assert.That(ended.Reason, Is.EqualTo($"{server.Instance} is paused: the hypervisor moves only what runs. Unpause it first."));
        Assert.That((await World.ParentCell.RowAsync(server.Instance, r => r.AppliedIntent >= 3)).VmState, Is.EqualTo(VmState.Paused));
    }

    [Test]
    public async Task The_host_that_was_asked_for_is_taken_or_none()
    {
        var (server, from) = await BuiltAsync();
        var to = World.ParentCell.Hosts.Last(h => h.Name != from).Name;

        var refused = await ActAsync(server, InstanceAction.LiveMigrate, 2, "nowhere");
        var ended = await ActAsync(server, InstanceAction.LiveMigrate, 3, to);

        Assert.That(refused.Outcome, Is.EqualTo(ActionOutcome.Failed));
        Assert.That(refused.Reason, Does.StartWith("No valid host was found.").And.Contain("host 'nowhere' was asked for"));
        Assert.That((ended.Outcome, ended.HostName), Is.EqualTo((ActionOutcome.Done, to)));
    }

    [Test]
    public async Task Without_room_the_server_is_as_it_was()
    {
        _running = await ComputeWorld.StartPoolAsync(members: 2, Narrow);
        var (first, second) = (World.NewBuild(Wide), World.NewBuild(Wide));
        var from = (await World.BuildAsync(first)).HostName;
        await World.BuildAsync(second);
        var before = await ClaimsAsync();

        var ended = await ActAsync(first, InstanceAction.LiveMigrate, 2);

        Assert.That((ended.Outcome, ended.Moved!.To), Is.EqualTo((ActionOutcome.Failed, (string?)null)));
        Assert.That(ended.Reason, Does.StartWith("No valid host was found."));
        var row = await World.ParentCell.RowAsync(first.Instance, r => r.AppliedIntent >= 2);
        Assert.That((row.HostName, row.VmState, row.TaskState), Is.EqualTo((from, VmState.Active, TaskState.None)));
        Assert.That(await ClaimsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task A_disk_that_one_host_alone_sees_does_not_move()
    {
        _running = await ComputeWorld.StartAsync(hosts: 2);
        var server = World.NewBuild();
        await World.BuildAsync(server);

        var ended = await ActAsync(server, InstanceAction.LiveMigrate, 2);

        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((ActionOutcome.Failed,
            $"{server.Instance} is not on shared storage: the disk is on storage that host host-1 alone sees, and live migration does not move disks.")));
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public async Task A_host_that_refuses_the_move_leaves_the_server_where_it_was_and_the_claim_is_given_back()
    {
        var (server, from) = await BuiltAsync();
        World.Fleet.Inject(new SimFault.OnCall("Async.VM.pool_migrate", FaultKind.Fail, Code: "VM_MIGRATE_FAILED"));

        var ended = await ActAsync(server, InstanceAction.LiveMigrate, 2);

        Assert.That((ended.Outcome, ended.HostName), Is.EqualTo((ActionOutcome.Failed, from)));
        Assert.That(ended.Reason, Does.Contain("'migrate'").And.Contain("VM_MIGRATE_FAILED"));
        Assert.That(await ClaimsAsync(), Has.Length.EqualTo(1));
        await AssertGoneAsync(server);
    }

    [TestCase("TASK_CANCELLED", 1)]
    [TestCase("INTERNAL_ERROR", 3)]
    public async Task A_move_that_an_operator_cancels_is_not_begun_again_and_one_that_fails_without_a_word_not_for_ever(string code, int times)
    {
        var (server, from) = await BuiltAsync();
        World.Fleet.Inject(new SimFault.OnCall("VM.pool_migrate", FaultKind.Fail, code, Count: times));

        var ended = await ActAsync(server, InstanceAction.LiveMigrate, 2);

        Assert.That((ended.Outcome, ended.HostName), Is.EqualTo((ActionOutcome.Failed, from)));
        Assert.That(ended.Reason, Does.Contain(code));
        Assert.That((await World.ParentCell.RowAsync(server.Instance, r => r.AppliedIntent >= 2)).VmState, Is.EqualTo(VmState.Active));
        Assert.That(await ClaimsAsync(), Has.Length.EqualTo(1));
        await AssertGoneAsync(server);
    }

    [Test]
    public async Task A_move_whose_answer_was_lost_is_done_once()
    {
        var (server, from) = await BuiltAsync();
        World.Fleet.Inject(new SimFault.OnCall("Async.VM.pool_migrate", FaultKind.LoseAnswer));

        var ended = await ActAsync(server, InstanceAction.LiveMigrate, 2);

        Assert.That((ended.Outcome, ended.HostName == from), Is.EqualTo((ActionOutcome.Done, false)));
        Assert.That(World.Fleet.Account()[0].Mutations.Values.Sum(m => m.Where(c => c.Key.EndsWith("VM.pool_migrate", StringComparison.Ordinal)).Sum(c => c.Value)), Is.EqualTo(1));
    }

    [Test]
    public async Task A_cell_that_dies_during_the_move_finds_where_the_server_is()
    {
        var (server, from) = await BuiltAsync();
        World.Fleet.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.pool_migrate", new Latency.Uniform(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)))));

        await World.ParentCell.SendAsync(Act(server, InstanceAction.LiveMigrate, 2));
        await World.Wires.CountAsync("Async.VM.pool_migrate", 1);
        await World.RestartCellAsync();

        var row = await World.ParentCell.RowAsync(server.Instance, r => r.AppliedIntent >= 2);
        Assert.That((row.HostName == from, row.VmState), Is.EqualTo((false, VmState.Active)));
        Assert.That(await ClaimsAsync(), Has.Length.EqualTo(1));
        await AssertGoneAsync(server);
    }

    [Test]
    public async Task A_delete_in_the_middle_of_the_move_gives_back_both_places()
    {
        var (server, _) = await BuiltAsync();
        World.Fleet.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VM.pool_migrate", new Latency.Uniform(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)))));

        await World.ParentCell.SendAsync(Act(server, InstanceAction.LiveMigrate, 2));
        await World.Wires.CountAsync("Async.VM.pool_migrate", 1);

        await AssertGoneAsync(server);
    }

    private async Task<(BuildInstance Server, string From)> BuiltAsync()
    {
        _running = await ComputeWorld.StartPoolAsync(members: 3, Narrow);
        var server = World.NewBuild(Wide);
        return (server, (await World.BuildAsync(server)).HostName!);
    }

    private async Task<InstanceActed> ActAsync(BuildInstance server, InstanceAction action, long intent, string? host = null)
    {
        var before = World.ParentCell.AnswersTo(server.Instance).Count;
        await World.ParentCell.SendAsync(Act(server, action, intent, host));
        await World.ParentCell.AnswersAsync(server.Instance, before + 1);
        return World.ParentCell.AnswersTo(server.Instance).OfType<InstanceActed>().Single(a => a.Intent == intent);
    }

    private static ActOnInstance Act(BuildInstance server, InstanceAction action, long intent, string? host = null) =>
        new(server.Instance, server.Epoch, intent, server.Project, server.User, $"req-{intent}", action) { Host = host };

    private string Vm(BuildInstance server) =>
        World.Fleet.Account().SelectMany(h => h.Vms).Where(v => v.OtherConfig.GetValueOrDefault("cells-instance") == server.Instance.ToString()).Select(v => v.Uuid).Distinct().Single();

    /// <summary>Memory alone: each place has it.</summary>
    private async Task<(string Host, long Mib, short Role)[]> ClaimsAsync() =>
        [.. (await World.Database.QueryAsync<string>("select provider_id || ' ' || amount || ' ' || role from claim where resource = 2 order by 1"))
            .Select(line => line.Split(' ')).Select(w => (w[0], long.Parse(w[1]), short.Parse(w[2])))];

    private async Task AssertGoneAsync(BuildInstance server)
    {
        var deleted = World.ParentCell.AnswerAsync<InstanceDeleted>(server.Instance);
        await World.ParentCell.SendAsync(new DeleteInstance(server.Instance, server.Epoch, 9, server.Project, "req-9"));
        await deleted;
        Assert.That(await World.PromisedAsync(), Is.EqualTo((0L, 0L)));
        Assert.That(World.Held(server.Instance), Is.EqualTo((0, 0, 0)));
        Assert.That((await World.InspectAsync()).Providers.Sum(p => p.Promised), Is.Zero, "the picture in memory");
    }
}
