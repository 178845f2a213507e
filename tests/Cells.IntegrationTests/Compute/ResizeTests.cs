using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>Resize, its confirmation, its revert and cold migration: one VM throughout, and the old disk until somebody says that it may go.</summary>
public sealed class ResizeTests
{
    private static readonly HostShape Wide = new() { Name = "", MemoryBytes = 16L << 30 };
    private static readonly Flavor Large = new("2", "large", 2, 1024, 3);

    private ComputeWorld? _running;
    private BuildInstance _server = null!;
    private InstanceRow _built = null!;
    private string _vm = "", _disk = "";
    private long _outside;

    private ComputeWorld World => _running!;

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task A_resized_server_waits_with_both_disks_and_a_confirmation_leaves_the_new_one([Values] bool wasStopped)
    {
        await BuiltAsync();
        if (wasStopped)
            await ActAsync(InstanceAction.Stop, 2);

        var resized = await ActAsync(InstanceAction.Resize, 3, Large);
        var waiting = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 3);

        Assert.That((resized.Outcome, resized.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That((resized.Flavors!.Flavor.Id, resized.Flavors.Former!.Id), Is.EqualTo(("2", "1")));
        Assert.That((waiting.VmState, waiting.PowerState, waiting.TaskState), Is.EqualTo((VmState.Resized, wasStopped ? PowerState.Shutdown : PowerState.Running, TaskState.None)));
        Assert.That((await VmAsync(), World.Held(_server.Instance)), Is.EqualTo(((_vm, 2L, 1024L), (wasStopped ? 0 : 1, 1, 2))));
        Assert.That(RootDisk, Is.Not.EqualTo(_disk));
        Assert.That(OutsideOfDisks(await World.InspectAsync()), Is.EqualTo(_outside), "a disk that a claim is held for is not counted a second time");
        await AssertClaimsAreAsync(Large, Small);

        var confirmed = await ActAsync(InstanceAction.ConfirmResize, 4);
        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 4);

        Assert.That((confirmed.Outcome, confirmed.Flavors!.Flavor.Id, confirmed.Flavors.Former), Is.EqualTo((ActionOutcome.Done, "2", (Flavor?)null)));
        Assert.That(row.VmState, Is.EqualTo(wasStopped ? VmState.Stopped : VmState.Active));
        Assert.That(World.Held(_server.Instance), Is.EqualTo((wasStopped ? 0 : 1, 1, 1)));
        await AssertClaimsAreAsync(Large, null);
        await AssertGoneAsync();
    }

    [Test]
    public async Task A_revert_gives_back_the_old_disk_flavor_and_place([Values] bool wasStopped)
    {
        await BuiltAsync();
        if (wasStopped)
            await ActAsync(InstanceAction.Stop, 2);
        await ActAsync(InstanceAction.Resize, 3, Large);

        var reverted = await ActAsync(InstanceAction.RevertResize, 4);

        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 4);
        Assert.That((reverted.Outcome, reverted.Reason, reverted.Flavors!.Flavor.Id, reverted.Flavors.Former), Is.EqualTo((ActionOutcome.Done, (string?)null, "1", (Flavor?)null)));
        Assert.That((row.HostName, row.VmState), Is.EqualTo((_built.HostName, wasStopped ? VmState.Stopped : VmState.Active)));
        Assert.That((await VmAsync(), RootDisk, World.Held(_server.Instance)), Is.EqualTo(((_vm, 1L, 512L), _disk, (wasStopped ? 0 : 1, 1, 1))));
        await AssertClaimsAreAsync(Small, null);
        await AssertGoneAsync();
    }

    [Test]
    public async Task A_cold_migration_ends_on_another_host_and_waits_to_be_confirmed()
    {
        await BuiltAsync();

        var migrated = await ActAsync(InstanceAction.Migrate, 2);
        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2);

        Assert.That((migrated.Outcome, migrated.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That((row.VmState, row.HostName == _built.HostName), Is.EqualTo((VmState.Resized, false)));
        Assert.That((migrated.Moved!.From, migrated.Moved.To), Is.EqualTo((_built.HostName, row.HostName)));
        await ActAsync(InstanceAction.RevertResize, 3);
        Assert.That((await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 3)).HostName, Is.EqualTo(_built.HostName));
        await AssertGoneAsync();
    }

    [Test]
    public async Task On_storage_of_its_own_host_alone_a_migration_takes_the_disk_along()
    {
        await BuiltAsync(members: 2, shared: false);

        var migrated = await ActAsync(InstanceAction.Migrate, 2);

        Assert.That((migrated.Outcome, migrated.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        await ActAsync(InstanceAction.ConfirmResize, 3);
        Assert.That(World.Held(_server.Instance), Is.EqualTo((1, 1, 1)));
        await AssertClaimsAreAsync(Small, null);
        await AssertGoneAsync();
    }

    [Test]
    public async Task What_no_host_has_room_for_is_failed_with_Nova_s_words_and_changes_nothing()
    {
        await BuiltAsync();

        var failed = await ActAsync(InstanceAction.Resize, 2, Large with { MemoryMib = 1 << 20 });

        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2);
        Assert.That(failed.Outcome, Is.EqualTo(ActionOutcome.Failed));
        Assert.That(failed.Reason, Does.StartWith("No valid host was found."));
        Assert.That((failed.Flavors!.Flavor.Id, failed.Flavors.Former, failed.Moved!.Why!.Chosen), Is.EqualTo(("1", (Flavor?)null, (string?)null)));
        Assert.That((row.VmState, Calls("VM.clean_shutdown")), Is.EqualTo((VmState.Active, 0L)));
        await AssertClaimsAreAsync(Small, null);
    }

    [TestCase("VDI.create")]
    [TestCase("VDI.copy")]
    [TestCase("VBD.destroy")]
    [TestCase("VM.set_VCPUs_max")]
    [TestCase("VM.start_on")]
    public async Task What_the_host_refuses_on_the_way_is_undone_and_the_server_is_as_it_was(string call)
    {
        await BuiltAsync();
        World.Fleet.Inject(new SimFault.OnCall(call, FaultKind.Fail, "VDI_IO_ERROR", ["x"]));

        var failed = await ActAsync(InstanceAction.Resize, 2, Large);

        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2);
        Assert.That((failed.Outcome, failed.Flavors!.Flavor.Id, failed.Flavors.Former), Is.EqualTo((ActionOutcome.Failed, "1", (Flavor?)null)));
        Assert.That(failed.Reason, Does.Contain("VDI_IO_ERROR"));
        Assert.That((row.VmState, row.HostName), Is.EqualTo((VmState.Active, _built.HostName)));
        Assert.That((await VmAsync(), RootDisk, World.Held(_server.Instance)), Is.EqualTo(((_vm, 1L, 512L), _disk, (1, 1, 1))));
        await AssertClaimsAreAsync(Small, null);
    }

    [Test]
    public async Task Where_its_own_host_does_not_start_it_again_the_undo_ends_and_the_reason_says_that_it_is_off()
    {
        await BuiltAsync();
        World.Fleet.Inject(new SimFault.OnCall("VDI.copy", FaultKind.Fail, "VDI_IO_ERROR", ["x"]));
        World.Fleet.Inject(new SimFault.OnCall("VM.start_on", FaultKind.Fail, "HOST_DISABLED", ["x"], Count: 100));

        var failed = await ActAsync(InstanceAction.Resize, 2, Large);

        await World.ParentCell.RowAsync(_server.Instance, r => r is { AppliedIntent: 2, VmState: VmState.Stopped, TaskState: TaskState.None });
        Assert.That(failed.Outcome, Is.EqualTo(ActionOutcome.Failed));
        Assert.That(failed.Reason, Does.Contain("VDI_IO_ERROR").And.Contain("could not be started again").And.Contain("HOST_DISABLED"));
        Assert.That((RootDisk, World.Held(_server.Instance)), Is.EqualTo((_disk, (0, 1, 1))));
        await AssertClaimsAreAsync(Small, null);
    }

    [TestCase("VDI.create", "HOST_OFFLINE")]
    [TestCase("VDI.copy", "INTERNAL_ERROR")]
    [TestCase("VM.start_on", "HOST_OFFLINE")]
    public async Task A_new_host_that_goes_on_to_be_away_is_given_up_and_the_server_runs_where_it_was(string call, string code)
    {
        await BuiltAsync();
        World.Fleet.Inject(new SimFault.OnCall(call, FaultKind.Fail, code, ["x"], Count: 3));

        var failed = await ActAsync(InstanceAction.Resize, 2, Large);

        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2);
        Assert.That((failed.Outcome, row.VmState, row.HostName), Is.EqualTo((ActionOutcome.Failed, VmState.Active, _built.HostName)));
        Assert.That(failed.Reason, Does.Contain(code));
        Assert.That((await VmAsync(), RootDisk, World.Held(_server.Instance)), Is.EqualTo(((_vm, 1L, 512L), _disk, (1, 1, 1))));
        await AssertClaimsAreAsync(Small, null);
    }

    [TestCase("VBD.create", "VDI_IN_USE", 1)]
    [TestCase("VM.set_VCPUs_max", "VDI_IO_ERROR", 1)]
    [TestCase("VM.start_on", "HOST_NOT_ENOUGH_FREE_MEMORY", 1)]
    [TestCase("VM.start_on", "HOST_OFFLINE", 3)]
    public async Task A_revert_that_comes_to_nothing_leaves_the_server_resized_with_the_disk_it_boots_from(string call, string code, int times)
    {
        await BuiltAsync();
        await ActAsync(InstanceAction.Resize, 2, Large);
        var (resized, disk) = (World.ParentCell.Row(_server.Instance)!, RootDisk);
        World.Fleet.Inject(new SimFault.OnCall(call, FaultKind.Fail, code, ["x"], Count: times));

        var failed = await ActAsync(InstanceAction.RevertResize, 3);

        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 3);
        Assert.That((failed.Outcome, failed.Flavors!.Flavor.Id, failed.Flavors.Former!.Id), Is.EqualTo((ActionOutcome.Failed, "2", "1")));
        Assert.That(failed.Reason, Does.Contain(code));
        Assert.That((row.VmState, row.HostName, row.PowerState), Is.EqualTo((VmState.Resized, resized.HostName, PowerState.Running)));
        Assert.That((await VmAsync(), RootDisk, World.Held(_server.Instance)), Is.EqualTo(((_vm, 2L, 1024L), disk, (1, 1, 2))));
        await AssertClaimsAreAsync(Large, Small);
        await ActAsync(InstanceAction.ConfirmResize, 4);
        Assert.That((RootDisk, World.Held(_server.Instance)), Is.EqualTo((disk, (1, 1, 1))));
    }

    [TestCase(InstanceAction.ConfirmResize, "CANNOT_CONTACT_HOST", 1)]
    [TestCase(InstanceAction.RevertResize, "CANNOT_CONTACT_HOST", 1)]
    [TestCase(InstanceAction.RevertResize, "VDI_IN_USE", 1)]
    public async Task A_disk_that_does_not_go_holds_up_neither_a_confirmation_nor_a_revert_and_is_removed_by_a_sweep(InstanceAction action, string code, int times)
    {
        await BuiltAsync();
        await ActAsync(InstanceAction.Resize, 2, Large);
        var kept = action == InstanceAction.RevertResize ? _disk : RootDisk;
        World.Fleet.Inject(new SimFault.OnCall("VDI.destroy", FaultKind.Fail, code, ["x"], Count: times));

        var ended = await ActAsync(action, 3);
        await World.Wires.CountAsync("VDI.destroy", times + 1);

        Assert.That((ended.Outcome, ended.Reason, ended.Flavors!.Former), Is.EqualTo((ActionOutcome.Done, (string?)null, (Flavor?)null)));
        await World.ParentCell.RowAsync(_server.Instance, r => r is { AppliedIntent: 3, VmState: VmState.Active });
        Assert.That(RootDisk, Is.EqualTo(kept));
        await AssertGoneAsync();
    }

    [TestCase("VDI.create")]
    [TestCase("Async.VDI.copy")]
    [TestCase("VBD.destroy")]
    [TestCase("VBD.create")]
    [TestCase("VM.set_memory_limits")]
    [TestCase("Async.VM.start_on")]
    public async Task An_answer_that_was_lost_makes_no_second_of_anything(string call)
    {
        await BuiltAsync();
        World.Fleet.Inject(new SimFault.OnCall(call, FaultKind.LoseAnswer));

        var resized = await ActAsync(InstanceAction.Resize, 2, Large);

        Assert.That((resized.Outcome, resized.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That(World.Held(_server.Instance), Is.EqualTo((1, 1, 2)));
        await ActAsync(InstanceAction.RevertResize, 3);
        Assert.That((RootDisk, World.Held(_server.Instance)), Is.EqualTo((_disk, (1, 1, 1))));
    }

    [TestCase("ask-shutdown")]
    [TestCase("make-disk")]
    [TestCase("copy-disk")]
    [TestCase("swap-disk")]
    [TestCase("shape-vm")]
    [TestCase("start-there")]
    public async Task A_cell_that_dies_at_a_step_goes_on_with_it_and_a_delete_afterwards_leaves_nothing(string step)
    {
        await BuiltAsync();
        World.Fleet.Inject(new SimFault.SetLatency(new LatencyProfile(new Dictionary<string, Latency>(), new Latency.Uniform(TimeSpan.FromMilliseconds(60), TimeSpan.FromMilliseconds(60)))));
        var there = World.ParentCell.RowAsync(_server.Instance, r => r.Step?.StartsWith(step, StringComparison.Ordinal) == true);
        await World.ParentCell.SendAsync(Act(InstanceAction.Resize, 2, Large));
        await there;

        await World.RestartCellAsync();

        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2);
        Assert.That((row.VmState, row.Refusal), Is.EqualTo((VmState.Resized, (string?)null)));
        Assert.That(((await VmAsync()).Uuid, World.Held(_server.Instance)), Is.EqualTo((_vm, (1, 1, 2))));
        await AssertClaimsAreAsync(Large, Small);
        await AssertGoneAsync();
    }

    [Test]
    public async Task A_delete_in_the_middle_of_a_resize_leaves_no_disk_and_no_claim()
    {
        await BuiltAsync();
        World.Fleet.Inject(new SimFault.SetLatency(LatencyProfile.Instant.With("VDI.copy", new Latency.Uniform(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)))));
        await World.ParentCell.SendAsync(Act(InstanceAction.Resize, 2, Large));
        await World.Wires.CountAsync("Async.VDI.copy", 1);

        await AssertGoneAsync();
    }

    private static Flavor Small => ComputeWorld.Small;

    private async Task BuiltAsync(int members = 3, bool shared = true)
    {
        _running = await ComputeWorld.StartPoolAsync(members, shared ? Wide with { LocalStorageBytes = 0 } : Wide with { LocalStorageBytes = 100L << 30 }, shared ? 4L << 40 : 0);
        _server = World.NewBuild();
        _built = await World.BuildAsync(_server);
        _outside = OutsideOfDisks(await World.InspectAsync());
        (_vm, _disk) = ((await VmAsync()).Uuid, RootDisk);
    }

    private async Task<(string Uuid, long Vcpus, long MemoryMib)> VmAsync()
    {
        var session = await World.LogInAsync();
        var vm = (await session.CallAsync(Cells.Compute.XenApi.Vm.GetAllRecords(), CancellationToken.None))
            .Single(v => v.Value.OtherConfig.GetValueOrDefault("cells-instance") == _server.Instance.ToString()).Value;
        await Cells.Compute.XenApi.XenApiClient.LogoutAsync(session, CancellationToken.None);
        return (vm.Uuid.ToString(), vm.VcpusMax, vm.MemoryStaticMax >> 20);
    }

    /// <summary>The one that says it is the instance's own, and that its VM has.</summary>
    private string RootDisk => World.Fleet.Account().SelectMany(h => h.Disks)
        .Where(d => d.Managed && d.OtherConfig.GetValueOrDefault("cells-instance") == _server.Instance.ToString() && !d.OtherConfig.ContainsKey("cells-role") && d.VmUuids.Count == 1)
        .Select(d => d.Uuid).Distinct().Single();

    private static long OutsideOfDisks(Cells.Compute.Placement.CellInspection cell) => cell.Providers.Where(p => p.Resource == Resource.DiskBytes).Sum(p => p.Outside);

    private long Calls(string method) => World.Fleet.Account()[0].Mutations.Values.Sum(m => m.Where(c => c.Key.EndsWith(method, StringComparison.Ordinal)).Sum(c => c.Value));

    private async Task<InstanceActed> ActAsync(InstanceAction action, long intent, Flavor? flavor = null)
    {
        var before = World.ParentCell.AnswersTo(_server.Instance).Count;
        await World.ParentCell.SendAsync(Act(action, intent, flavor));
        await World.ParentCell.AnswersAsync(_server.Instance, before + 1);
        return World.ParentCell.AnswersTo(_server.Instance).OfType<InstanceActed>().Single(a => a.Intent == intent);
    }

    private ActOnInstance Act(InstanceAction action, long intent, Flavor? flavor = null) =>
        new(_server.Instance, _server.Epoch, intent, _server.Project, _server.User, $"req-{intent}", action) { Flavor = flavor };

    /// <summary>The greater of both for each host's resources where they are on one host, and both disks.</summary>
    private async Task AssertClaimsAreAsync(Flavor current, Flavor? former)
    {
        var disks = await World.Database.QueryAsync<long>("select amount from claim where resource = 3 order by role");
        Assert.That(disks, Is.EqualTo(new[] { current.DiskBytes }.Concat(former is null ? [] : [former.DiskBytes])));
        Assert.That(
            await World.Database.QueryAsync<long>("select count(*) from provider as p where p.promised <> (select coalesce(sum(c.amount), 0) from claim as c where c.provider_id = p.id and c.resource = p.resource)"),
            Is.EqualTo(new[] { 0L }), "what is promised is the sum of the claims");
        var shown = (await World.InspectAsync()).Providers.Where(p => p.Promised != 0).Select(p => (p.Id.ToString(), (int)p.Resource, p.Promised)).Order();
        var stored = (await World.Database.QueryAsync<string>("select id || ' ' || resource || ' ' || promised from provider where promised <> 0")).Select(l => l.Split(' ')).Select(w => (w[0], int.Parse(w[1]), long.Parse(w[2]))).Order();
        Assert.That(shown, Is.EqualTo(stored), "the picture in memory");
    }

    private async Task AssertGoneAsync()
    {
        var deleted = World.ParentCell.AnswerAsync<InstanceDeleted>(_server.Instance);
        await World.ParentCell.SendAsync(new DeleteInstance(_server.Instance, _server.Epoch, 9, _server.Project, "req-9"));
        await deleted;
        Assert.That((await World.PromisedAsync(), World.Held(_server.Instance)), Is.EqualTo(((0L, 0L), (0, 0, 0))));
    }
}
