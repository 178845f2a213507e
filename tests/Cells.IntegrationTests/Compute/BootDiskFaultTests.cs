using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>The cell dies at a call of a rebuild, a rescue or an unrescue; or a delete comes there.</summary>
public sealed class BootDiskFaultTests : WorkflowFaults<BootDiskFaultTests>
{
    private static readonly IReadOnlyList<CallPoint> OfRebuild = Twice(
        new("ensure-image", "VDI.create", 1, Moment.Before),
        new("ensure-image", "PUT", 1, Moment.Before),
        new("clone-next", "VDI.clone", 1, Moment.Before),
        new("clone-next", "VDI.add_to_other_config", 2, Moment.Before),
        new("clone-next", "VDI.set_other_config", 1, Moment.Before),
        new("clone-next", "VDI.set_name_label", 1, Moment.Before),
        new("size-next", "VDI.resize", 1, Moment.Before),
        new("power-off-hard", "Async.VM.hard_shutdown", 1, Moment.Before),
        new("swap-disk", "VBD.destroy", 1, Moment.Before),
        new("swap-disk", "VBD.create", 1, Moment.Before),
        new("destroy-former", "VDI.set_other_config", 2, Moment.Before),
        new("destroy-former", "VDI.destroy", 1, Moment.Before),
        new("power-on", "Async.VM.start_on", 1, Moment.Before),
        new("seen-rebuilt", "event.inject", 1, Moment.Before));

    private static readonly IReadOnlyList<CallPoint> OfRescue = Twice(
        new("ensure-image", "VDI.clone", 1, Moment.Before),
        new("clone-rescue", "VDI.set_other_config", 1, Moment.Before),
        new("power-off-hard", "Async.VM.hard_shutdown", 1, Moment.Before),
        new("attach-rescue", "VBD.destroy", 1, Moment.Before),
        new("attach-rescue", "VBD.create", 1, Moment.Before),
        new("attach-rescue", "VBD.create", 2, Moment.Before),
        new("power-on", "Async.VM.start_on", 1, Moment.Before),
        new("seen-rescued", "event.inject", 1, Moment.Before));

    private static readonly IReadOnlyList<CallPoint> OfUnrescue = Twice(
        new("power-off-hard", "Async.VM.hard_shutdown", 1, Moment.Before),
        new("detach-rescue", "VBD.destroy", 1, Moment.Before),
        new("detach-rescue", "VBD.destroy", 2, Moment.Before),
        new("detach-rescue", "VBD.create", 1, Moment.Before),
        new("destroy-rescue", "VDI.set_other_config", 1, Moment.Before),
        new("destroy-rescue", "VDI.destroy", 1, Moment.Before),
        new("power-on", "Async.VM.start_on", 1, Moment.Before),
        new("seen-unrescued", "event.inject", 1, Moment.Before));

    private static IEnumerable<TestCaseData> RebuildPoints => Named(OfRebuild);
    private static IEnumerable<TestCaseData> RescuePoints => Named(OfRescue);
    private static IEnumerable<TestCaseData> UnrescuePoints => Named(OfUnrescue);

    [Test]
    public void Every_step_has_its_points()
    {
        Assert.That(OfRebuild.Select(p => p.Step).Distinct(), Is.EqualTo(Steps.Rebuild.Select(s => s.Name)));
        Assert.That(OfRescue.Select(p => p.Step).Distinct(), Is.EqualTo(Steps.Rescue.Select(s => s.Name)));
        Assert.That(OfUnrescue.Select(p => p.Step).Distinct(), Is.EqualTo(Steps.Unrescue.Select(s => s.Name)));
    }

    [TestCaseSource(nameof(RebuildPoints))]
    public async Task A_cell_killed_at_any_call_of_a_rebuild_finishes_it_once_after_its_restart(object point)
    {
        var server = await BuiltAsync();
        var first = await RowAsync(server);
        World.NewImage();

        var ended = await KilledAtAsync((CallPoint)point, server, InstanceAction.Rebuild, 2, World.Images.Spec);

        var row = await RowAsync(server);
        Assert.That((ended.Outcome, ended.Reason, row.Command!.Image.Id, row.Vm), Is.EqualTo((ActionOutcome.Done, (string?)null, World.Images.Spec.Id, first.Vm)));
        Assert.That(row.Disks, Is.EqualTo(new Disks(Root: row.Disks.Root)).And.Not.EqualTo(first.Disks));
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 1)));
        await EndsCleanAsync(server, 3);
    }

    [TestCaseSource(nameof(RebuildPoints))]
    public async Task A_delete_at_any_call_of_a_rebuild_leaves_nothing(object point)
    {
        var server = await BuiltAsync();
        World.NewImage();
        var held = World.Wires.HoldAsync((CallPoint)point);
        await World.ParentCell.SendAsync(Act(server, InstanceAction.Rebuild, 2, World.Images.Spec));
        await held;

        var accepted = World.ParentCell.RowAsync(server.Instance, r => r.TaskState == TaskState.Deleting);
        var deleted = World.ParentCell.AnswerAsync<InstanceDeleted>(server.Instance);
        await World.ParentCell.SendAsync(new DeleteInstance(server.Instance, 1, 3, server.Project, "req-3"));
        await accepted;
        World.Wires.Release();
        await deleted;

        await NothingIsLeftAsync(server);
    }

    [TestCaseSource(nameof(RescuePoints))]
    public async Task A_cell_killed_at_any_call_of_a_rescue_finishes_it_once_after_its_restart(object point)
    {
        var server = await BuiltAsync();

        var ended = await KilledAtAsync((CallPoint)point, server, InstanceAction.Rescue, 2, null);

        var row = await RowAsync(server);
        Assert.That((ended.Outcome, ended.Reason, row.VmState), Is.EqualTo((ActionOutcome.Done, (string?)null, VmState.Rescued)));
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 2)));
        await EndsCleanAsync(server, 3);
    }

    [TestCaseSource(nameof(UnrescuePoints))]
    public async Task A_cell_killed_at_any_call_of_an_unrescue_finishes_it_once_after_its_restart(object point)
    {
        var server = await BuiltAsync();
        var first = await RowAsync(server);
        await World.ParentCell.SendAsync(Act(server, InstanceAction.Rescue, 2, null));
        await World.ParentCell.AnswersAsync(server.Instance, 2);

        var ended = await KilledAtAsync((CallPoint)point, server, InstanceAction.Unrescue, 3, null);

        var row = await RowAsync(server);
        Assert.That((ended.Outcome, ended.Reason, row.VmState, row.Disks), Is.EqualTo((ActionOutcome.Done, (string?)null, VmState.Active, first.Disks)));
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 1)));
        await EndsCleanAsync(server, 4);
    }

    private static IReadOnlyList<CallPoint> Twice(params CallPoint[] points) => [.. points.SelectMany(p => new[] { p, p with { When = Moment.After } })];

    private static async Task<BuildInstance> BuiltAsync()
    {
        var server = World.NewBuild();
        await World.BuildAsync(server);
        return server;
    }

    private static async Task<InstanceActed> KilledAtAsync(CallPoint point, BuildInstance server, InstanceAction action, long intent, ImageSpec? image)
    {
        var held = World.Wires.HoldAsync(point);
        await World.ParentCell.SendAsync(Act(server, action, intent, image));
        await held;
        await World.RestartCellAsync();
        await World.ParentCell.AnswersAsync(server.Instance, (int)intent);
        return World.ParentCell.AnswersTo(server.Instance).OfType<InstanceActed>().Last();
    }

    private static ActOnInstance Act(BuildInstance server, InstanceAction action, long intent, ImageSpec? image) =>
        new(server.Instance, 1, intent, server.Project, server.User, $"req-{intent}", action, Image: image);

    private static async Task<Instance> RowAsync(BuildInstance server) => (await World.InspectAsync()).Instances.Single(i => i.Id == server.Instance);

    private static async Task EndsCleanAsync(BuildInstance server, long intent)
    {
        var deleted = World.ParentCell.AnswerAsync<InstanceDeleted>(server.Instance);
        await World.ParentCell.SendAsync(new DeleteInstance(server.Instance, 1, intent, server.Project, $"req-{intent}"));
        await deleted;
        await NothingIsLeftAsync(server);
    }
}
