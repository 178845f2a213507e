using Cells.Compute.Instances;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>Rebuild, rescue and unrescue in a compute cell against simulated hosts: one VM for life, and the right disk under it.</summary>
public sealed class BootDiskTests
{
    private ComputeWorld _world = null!;
    private BuildInstance _server = null!;

    [SetUp]
    public async Task StartWorld()
    {
        _world = await ComputeWorld.StartAsync(hosts: 1);
        _server = _world.NewBuild();
        await _world.BuildAsync(_server);
    }

    [TearDown]
    public async Task StopWorld() => await _world.DisposeAsync();

    [Test]
    public async Task A_rebuild_puts_a_disk_of_the_new_image_under_the_same_VM_and_the_old_one_goes()
    {
        var (before, macs) = (await RowAsync(), Vm.Macs);
        _world.NewImage();

        var ended = await ActAsync(InstanceAction.Rebuild, 2, _world.Images.Spec);

        var after = await RowAsync();
        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That((after.VmState, after.PowerState, after.Vm, after.Command!.Image.Id), Is.EqualTo((VmState.Active, PowerState.Running, before.Vm, _world.Images.Spec.Id)));
        Assert.That(after.Disks, Is.EqualTo(new Disks(Root: after.Disks.Root)));
        Assert.That(after.Disks.Root, Is.Not.EqualTo(before.Disks.Root));
        Assert.That(Attached(), Is.EqualTo(new[] { after.Disks.Root.ToString() }));
        Assert.That(Vm.Macs, Is.EqualTo(macs), "its interfaces stay");
        Assert.That(_world.Held(_server.Instance), Is.EqualTo((1, 1, 1)));
        Assert.That(_world.Leftovers(), Is.Empty);
        Assert.That(DisksOf().Single().OtherConfig.ContainsKey("cells-role"), Is.False, "the root disk says nothing of a role");
    }

    [Test]
    public async Task A_stopped_server_stays_stopped_over_a_rebuild()
    {
        await ActAsync(InstanceAction.Stop, 2);
        _world.NewImage();

        var ended = await ActAsync(InstanceAction.Rebuild, 3, _world.Images.Spec);

        Assert.That(ended.Outcome, Is.EqualTo(ActionOutcome.Done));
        Assert.That(((await RowAsync()).VmState, (await RowAsync()).PowerState), Is.EqualTo((VmState.Stopped, PowerState.Shutdown)));
        Assert.That(_world.Held(_server.Instance), Is.EqualTo((0, 1, 1)));
    }

    [TestCase("VDI.clone", "SR_BACKEND_FAILURE_44")]
    [TestCase("VM.hard_shutdown", "VM_LACKS_FEATURE")]
    [TestCase("VBD.destroy", "OPERATION_NOT_ALLOWED")]
    [TestCase("VBD.create", "VDI_INCOMPATIBLE_TYPE")]
    public async Task A_rebuild_that_is_refused_before_the_disks_change_leaves_the_server_as_it_was(string call, string code)
    {
        var before = await RowAsync();
        _world.NewImage();
        _world.Fleet.Inject(new SimFault.OnCall(call, FaultKind.Fail, code, ["x"]));

        var ended = await ActAsync(InstanceAction.Rebuild, 2, _world.Images.Spec);

        var after = await _world.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2 && r.VmState == VmState.Active && r.PowerState == PowerState.Running);
        Assert.That((ended.Outcome, after.TaskState, after.Refusal), Is.EqualTo((ActionOutcome.Failed, TaskState.None, ended.Reason)));
        Assert.That(ended.Reason, Does.Contain(code));
        Assert.That(((await RowAsync()).Disks, (await RowAsync()).Command!.Image.Id), Is.EqualTo((before.Disks, before.Command!.Image.Id)));
        Assert.That(Attached(), Is.EqualTo(new[] { before.Disks.Root.ToString() }));
        Assert.That(_world.Held(_server.Instance), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public async Task A_rebuild_of_an_image_that_the_claimed_disk_does_not_hold_is_refused_and_nothing_is_done()
    {
        var ended = await ActAsync(InstanceAction.Rebuild, 2, _world.Images.Spec with { SizeBytes = 2L << 30 });

        Assert.That((ended.Outcome, ended.Reason!.Contains("bytes of disk", StringComparison.Ordinal)), Is.EqualTo((ActionOutcome.Refused, true)));
        Assert.That(_world.Held(_server.Instance), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public async Task A_rescued_server_boots_from_another_disk_with_its_own_beside_it_and_has_its_own_again_afterwards()
    {
        var before = await RowAsync();
        _world.NewImage();

        var rescued = await ActAsync(InstanceAction.Rescue, 2, _world.Images.Spec);
        var during = await RowAsync();
        Assert.That((rescued.Outcome, rescued.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That((during.VmState, during.PowerState, during.Vm), Is.EqualTo((VmState.Rescued, PowerState.Running, before.Vm)));
        Assert.That(during.Disks, Is.EqualTo(before.Disks with { Rescue = during.Disks.Rescue }));
        Assert.That(_world.Held(_server.Instance), Is.EqualTo((1, 1, 2)));
        Assert.That(Attached().Order(), Is.EqualTo(new[] { during.Disks.Root.ToString(), during.Disks.Rescue.ToString() }.Order()));

        _world.Fleet.Inject(new SimFault.GuestEnds(Vm.Uuid, GuestEnd.Shutdown));
        await _world.ParentCell.RowAsync(_server.Instance, r => r is { VmState: VmState.Rescued, PowerState: PowerState.Shutdown });

        var unrescued = await ActAsync(InstanceAction.Unrescue, 3);
        var after = await RowAsync();
        Assert.That((unrescued.Outcome, unrescued.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That((after.VmState, after.PowerState, after.Disks), Is.EqualTo((VmState.Active, PowerState.Running, before.Disks)));
        Assert.That(Attached(), Is.EqualTo(new[] { before.Disks.Root.ToString() }));
        Assert.That(_world.Held(_server.Instance), Is.EqualTo((1, 1, 1)));
    }

    [TestCase("VBD.create", "VDI_INCOMPATIBLE_TYPE")]
    [TestCase("VM.start_on", "VM_HVM_REQUIRED")]
    public async Task A_rescue_that_is_refused_leaves_the_server_as_it_was(string call, string code)
    {
        var before = await RowAsync();
        _world.Fleet.Inject(new SimFault.OnCall(call, FaultKind.Fail, code, ["x"]));

        var ended = await ActAsync(InstanceAction.Rescue, 2);

        await _world.ParentCell.RowAsync(_server.Instance, r => r is { AppliedIntent: 2, VmState: VmState.Active, PowerState: PowerState.Running });
        Assert.That((ended.Outcome, (await RowAsync()).Disks), Is.EqualTo((ActionOutcome.Failed, before.Disks)));
        Assert.That(Attached(), Is.EqualTo(new[] { before.Disks.Root.ToString() }));
        Assert.That(_world.Held(_server.Instance), Is.EqualTo((1, 1, 1)));
    }

    [Test]
    public async Task A_rescued_server_is_deleted_with_both_of_its_disks()
    {
        await ActAsync(InstanceAction.Rescue, 2);

        var deleted = _world.ParentCell.AnswerAsync<InstanceDeleted>(_server.Instance);
        await _world.ParentCell.SendAsync(new DeleteInstance(_server.Instance, 1, 3, _server.Project, "req-3"));
        await deleted;

        Assert.That(_world.Held(_server.Instance), Is.EqualTo((0, 0, 0)));
        Assert.That(await _world.PromisedAsync(), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public async Task An_old_disk_that_the_host_does_not_let_go_holds_up_nothing_and_is_removed_by_a_sweep()
    {
        _world.NewImage();
        _world.Fleet.Inject(new SimFault.OnCall("VDI.destroy", FaultKind.Fail, "VDI_IN_USE", ["x", "destroy"]));

        var ended = await ActAsync(InstanceAction.Rebuild, 2, _world.Images.Spec);
        await _world.Wires.CountAsync("VDI.destroy", 2);

        Assert.That((ended.Outcome, (await RowAsync()).VmState), Is.EqualTo((ActionOutcome.Done, VmState.Active)));
        Assert.That(_world.Held(_server.Instance), Is.EqualTo((1, 1, 1)));
    }

    private Cells.XenSim.Core.VmAccount Vm => _world.Fleet.Account().SelectMany(h => h.Vms).Single(v => v.OtherConfig.ContainsKey("cells-instance"));

    private IEnumerable<Cells.XenSim.Core.DiskAccount> DisksOf() => _world.Fleet.Account().SelectMany(h => h.Disks)
        .Where(d => d.OtherConfig.TryGetValue("cells-instance", out var id) && id == _server.Instance.ToString());

    private IEnumerable<string> Attached() => DisksOf().Where(d => d.VmUuids.Contains(Vm.Uuid)).Select(d => d.Uuid);

    private async Task<Instance> RowAsync() => (await _world.InspectAsync()).Instances.Single(i => i.Id == _server.Instance);

    private async Task<InstanceActed> ActAsync(InstanceAction action, long intent, ImageSpec? image = null)
    {
        await _world.ParentCell.SendAsync(new ActOnInstance(_server.Instance, 1, intent, _server.Project, _server.User, $"req-{intent}", action, Image: image));
        await _world.ParentCell.AnswersAsync(_server.Instance, (int)intent);
        return _world.ParentCell.AnswersTo(_server.Instance).OfType<InstanceActed>().Last();
    }
}
