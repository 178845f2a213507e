using System.Security.Cryptography;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute;

/// <summary>An image made of a server, in a compute cell against simulated hosts: the bytes of its disk reach the image's home, and nothing stays behind.</summary>
public sealed class SnapshotTests
{
    private ComputeWorld? _running;
    private BuildInstance _server = null!;

    private ComputeWorld World => _running!;

    [SetUp]
    public async Task StartWorld()
    {
        _running = await ComputeWorld.StartAsync(hosts: 1);
        _server = World.NewBuild(SnapshotPoints.NoLarger);
        await World.BuildAsync(_server);
    }

    [TearDown]
    public async Task StopWorld()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }

    [Test]
    public async Task The_bytes_of_the_disk_arrive_and_the_server_is_as_before([Values(InstanceAction.CreateImage, InstanceAction.CreateBackup)] InstanceAction action)
    {
        var image = new ImageId(Guid.NewGuid());

        var ended = await SnapshotAsync(image, action: action);
        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2);

        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((ActionOutcome.Done, (string?)null)));
        Assert.That((row.VmState, row.TaskState, row.PowerState, row.Fault), Is.EqualTo((VmState.Active, TaskState.None, PowerState.Running, (string?)null)));
        AssertBytesOfTheImage(World.Sink.Of(image));
        AssertNothingLeft();
    }

    [Test]
    public async Task The_home_is_away_for_a_while_and_nothing_is_lost()
    {
        World.Sink.Away = 2;
        var image = new ImageId(Guid.NewGuid());

        var ended = await SnapshotAsync(image);

        Assert.That((ended.Outcome, World.Sink.Tries), Is.EqualTo((ActionOutcome.Done, 3)), ended.Reason);
        AssertBytesOfTheImage(World.Sink.Of(image));
        AssertNothingLeft();
    }

    [Test]
    public async Task An_image_that_nobody_wants_any_more_ends_the_action_and_the_snapshot([Values] bool whenAsked)
    {
        if (whenAsked)
            World.ParentCell.TicketRefusal = "Image x is not here any more.";
        else
            World.Sink.Refusal = "Image x is not at its home any more.";

        var ended = await SnapshotAsync(new ImageId(Guid.NewGuid()));
        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2);

        Assert.That((ended.Outcome, ended.Reason), Is.EqualTo((
            ActionOutcome.Failed, $"Host host-1: step 'send-image' was refused: {World.ParentCell.TicketRefusal ?? World.Sink.Refusal}")));
        Assert.That((row.VmState, row.TaskState), Is.EqualTo((VmState.Active, TaskState.None)));
        AssertNothingLeft();
    }

    [Test]
    public async Task A_repository_without_room_fails_the_action_and_leaves_the_server_as_it_is()
    {
        World.Fleet.Inject(new SimFault.OnCall("VDI.snapshot", FaultKind.Fail, "SR_BACKEND_FAILURE_44", ["", "There is insufficient space", ""]), "host-1");

        var ended = await SnapshotAsync(new ImageId(Guid.NewGuid()));

        Assert.That(ended.Outcome, Is.EqualTo(ActionOutcome.Failed));
        Assert.That(ended.Reason, Does.Contain("take-snapshot").And.Contain("insufficient space"));
        Assert.That(World.Sink.Tries, Is.Zero);
        AssertNothingLeft();
    }

    [Test]
    public async Task A_snapshot_that_somebody_holds_keeps_nobody_waiting_and_goes_with_a_sweep()
    {
        World.Fleet.Inject(new SimFault.OnCall("VDI.destroy", FaultKind.Fail, "VDI_IN_USE", ["x", "destroy"], Count: int.MaxValue), "host-1");

        var ended = await SnapshotAsync(new ImageId(Guid.NewGuid()));
        var row = await World.ParentCell.RowAsync(_server.Instance, r => r.AppliedIntent == 2);
        World.Fleet.Inject(new SimFault.ClearAll(), "host-1");
        for (var calls = World.Wires.Count("VDI.destroy"); World.Held(_server.Instance) != (1, 1, 1);)
            await World.Wires.CountAsync("VDI.destroy", ++calls);

        Assert.That((ended.Outcome, row.VmState, row.TaskState), Is.EqualTo((ActionOutcome.Done, VmState.Active, TaskState.None)), ended.Reason);
        AssertNothingLeft();
    }

    [Test]
    public async Task A_delete_does_not_wait_for_a_home_that_is_away()
    {
        World.Sink.Away = int.MaxValue;
        await World.ParentCell.SendAsync(SnapshotPoints.Command(_server, new ImageId(Guid.NewGuid())));
        await World.ParentCell.RowAsync(_server.Instance, r => r.TaskState == TaskState.ImageUploading);

        await World.DeleteAsync(_server with { Intent = 2 });

        Assert.That(World.Held(_server.Instance), Is.EqualTo((0, 0, 0)));
    }

    [Test]
    public async Task An_operator_s_own_snapshot_of_the_disk_is_left_alone()
    {
        var somebody = await World.LogInAsync();
        var disk = (await somebody.CallAsync(Vdi.GetAllRecords(), CancellationToken.None)).Single(d => d.Value.OtherConfig.ContainsKey("cells-instance")).Key;
        var snapshot = await somebody.CallAsync(Vdi.Snapshot(disk), CancellationToken.None);
        var theirs = (await somebody.CallAsync(Vdi.GetRecord(snapshot), CancellationToken.None)).Uuid;

        await SnapshotAsync(new ImageId(Guid.NewGuid()));
        await World.DeleteAsync(_server with { Intent = 2 });

        Assert.That(World.Fleet.Account().SelectMany(h => h.Disks).Where(d => d.Managed).Select(d => d.Uuid), Does.Contain(theirs.ToString("D")));
    }

    [Test]
    public async Task A_server_of_the_image_has_the_same_bytes()
    {
        var image = new ImageId(Guid.NewGuid());
        await SnapshotAsync(image);
        var bytes = World.Sink.Of(image)!;
        World.Images.Serve(image, bytes);

        var second = World.NewBuild(SnapshotPoints.NoLarger) with { Image = new ImageSpec(image, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)), "raw") };
        await World.BuildAsync(second);

        var disk = World.Fleet.Account().SelectMany(h => h.Disks).Single(d => d.OtherConfig.GetValueOrDefault("cells-instance") == second.Instance.ToString());
        Assert.That((disk.ContentSha256, disk.ContentLength), Is.EqualTo((Convert.ToHexStringLower(SHA256.HashData(bytes)), (long)bytes.Length)));
    }

    private async Task<InstanceActed> SnapshotAsync(ImageId image, InstanceAction action = InstanceAction.CreateImage)
    {
        var acted = World.ParentCell.AnswerAsync<InstanceActed>(_server.Instance);
        await World.ParentCell.SendAsync(SnapshotPoints.Command(_server, image, action));
        return await acted;
    }

    /// <summary>The image that the server was built of, and zeros to the end of its disk.</summary>
    private void AssertBytesOfTheImage(byte[]? bytes)
    {
        var spec = World.Images.Spec;
        Assert.That(bytes, Has.Length.EqualTo((spec.SizeBytes + (2 << 20) - 1) / (2 << 20) * (2 << 20)));
        Assert.That(Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, (int)spec.SizeBytes))), Is.EqualTo(spec.Sha256));
        Assert.That(bytes.AsSpan((int)spec.SizeBytes).ContainsAnyExcept((byte)0), Is.False);
    }

    private void AssertNothingLeft()
    {
        Assert.That(World.Held(_server.Instance), Is.EqualTo((1, 1, 1)));
        Assert.That(World.Leftovers(), Is.Empty);
        Assert.That(World.Fleet.Account().SelectMany(h => h.Disks).Where(d => d.OtherConfig.ContainsKey("cells-snapshot")), Is.Empty, "the disk has its own marks only");
    }
}
