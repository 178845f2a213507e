using System.Security.Cryptography;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>Every call of the making of an image that changes something or reads the disk; each before and after its effect.</summary>
internal static class SnapshotPoints
{
    public static readonly IReadOnlyList<CallPoint> All =
    [
        .. new CallPoint[]
        {
            new("take-snapshot", "VDI.add_to_other_config", 1, Moment.Before),
            new("take-snapshot", "VDI.snapshot", 1, Moment.Before),
            new("take-snapshot", "VDI.set_other_config", 1, Moment.Before),
            new("take-snapshot", "VDI.remove_from_other_config", 1, Moment.Before),
            new("send-image", "GET", 1, Moment.Before),
            new("drop-snapshot", "VDI.destroy", 1, Moment.Before),
        }.SelectMany(p => new[] { p, p with { When = Moment.After } }),
    ];

    /// <summary>Room for the image and no more: what is sent is small.</summary>
    public static readonly Flavor NoLarger = new("1", "small", 1, 512, 0);

    public static ActOnInstance Command(BuildInstance server, ImageId image, InstanceAction action = InstanceAction.CreateImage) =>
        new(server.Instance, 1, 2, server.Project, server.User, "req-2", action) { Snapshot = image };

    public static DeleteInstance Delete(BuildInstance server) => new(server.Instance, 1, 3, server.Project, "req-3");
}

/// <summary>The cell dies while an image is made of a server.</summary>
public sealed class SnapshotKilledTests : WorkflowFaults<SnapshotKilledTests>
{
    private static IEnumerable<TestCaseData> Points => Named(SnapshotPoints.All);

    [Test]
    public void Every_step_has_its_points() =>
        Assert.That(SnapshotPoints.All.Select(p => p.Step).Distinct(), Is.EqualTo(Steps.Snapshot.Select(s => s.Name)));

    [TestCaseSource(nameof(Points))]
    public async Task A_cell_killed_at_any_call_makes_the_image_after_its_restart(object point)
    {
        var (server, image) = (World.NewBuild(SnapshotPoints.NoLarger), new ImageId(Guid.NewGuid()));
        await World.BuildAsync(server);
        var held = World.Wires.HoldAsync((CallPoint)point);
        var acted = World.ParentCell.AnswerAsync<InstanceActed>(server.Instance);
        await World.ParentCell.SendAsync(SnapshotPoints.Command(server, image));

        await held;
        var former = World.Wires;
        await World.RestartCellAsync();
        former.Release();

        Assert.That((await acted).Outcome, Is.EqualTo(ActionOutcome.Done), (await acted).Reason);
        Assert.That(Convert.ToHexStringLower(SHA256.HashData(World.Sink.Of(image).AsSpan(0, (int)World.Images.Spec.SizeBytes))), Is.EqualTo(World.Images.Spec.Sha256));
        Assert.That(World.Held(server.Instance), Is.EqualTo((1, 1, 1)));
        var deleted = World.ParentCell.AnswerAsync<InstanceDeleted>(server.Instance);
        await World.ParentCell.SendAsync(SnapshotPoints.Delete(server));
        await deleted;
        await NothingIsLeftAsync(server);
    }
}

/// <summary>The server is deleted while an image is made of it.</summary>
public sealed class SnapshotOutrankedTests : WorkflowFaults<SnapshotOutrankedTests>
{
    private static IEnumerable<TestCaseData> Points => Named(SnapshotPoints.All);

    [TestCaseSource(nameof(Points))]
    public async Task A_delete_at_any_call_leaves_nothing(object point)
    {
        var server = World.NewBuild(SnapshotPoints.NoLarger);
        await World.BuildAsync(server);
        var held = World.Wires.HoldAsync((CallPoint)point);
        await World.ParentCell.SendAsync(SnapshotPoints.Command(server, new ImageId(Guid.NewGuid())));
        await held;
        var deleting = World.ParentCell.RowAsync(server.Instance, r => r.TaskState == TaskState.Deleting || r.Released);
        var deleted = World.ParentCell.AnswerAsync<InstanceDeleted>(server.Instance);
        await World.ParentCell.SendAsync(SnapshotPoints.Delete(server));
        await deleting;

        World.Wires.Release();
        await deleted;

        await NothingIsLeftAsync(server);
    }
}
