using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.UnitTests.Compute;

/// <summary>Rows to begin with.</summary>
internal static class Rows
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly CellName Cell = CellName.Parse("east-1"), Parent = CellName.Parse("east");
    public static readonly InstanceId Id = new(Guid.Parse("11111111-1111-1111-1111-111111111111"));

    public static readonly Place Place = new(
        new PoolId(Guid.Parse("22222222-2222-2222-2222-222222222222")), new HostId(Guid.Parse("33333333-3333-3333-3333-333333333333")), "host-1",
        new SrId(Guid.Parse("44444444-4444-4444-4444-444444444444")));

    public static BuildInstance Build(long epoch = 1, long intent = 1) => new(
        Id, epoch, intent, 0, new ProjectId(Guid.Empty), new UserId(Guid.Empty), "req-1", "web", new Flavor("1", "small", 1, 512, 1),
        new ImageSpec(new ImageId(Guid.Empty), 1, new string('0', 64), "raw"), PlacementHints.None);

    public static DeleteInstance Delete(long epoch = 1, long intent = 2) => new(Id, epoch, intent, new ProjectId(Guid.Empty), "req-2");

    /// <summary>Placed, at its first step.</summary>
    public static Instance Building(long epoch = 1) => new(
        Id, new ProjectId(Guid.Empty), "web", Parent, Build(epoch), epoch, 1, Place, null, VmState.Building, TaskState.BlockDeviceMapping,
        PowerState.NoState, 1, 0, 0, false, new Work(WorkflowKind.Build, 0, false, null), 1, Story.Empty, null, Now.AddMinutes(15), null, Now);

    public static Instance Active() => Building() with
    {
        Generation = 9,
        Vm = Guid.Parse("55555555-5555-5555-5555-555555555555"),
        Disks = new Disks(Root: Guid.Parse("66666666-6666-6666-6666-666666666666")),
        VmState = VmState.Active,
        TaskState = TaskState.None,
        PowerState = PowerState.Running,
        AppliedIntent = 1,
        Work = null,
        DeadlineAt = null,
        LaunchedAt = Now,
    };

    /// <summary>Given back: no host took it.</summary>
    public static Instance Failed() => Building() with { Place = null, Work = null, Released = true, VmState = VmState.Error };

    public static Instance Deleted() => AdvanceWorkflow.AsDeleted(Active() with { DeleteIntent = 2, WorkingIntent = 2 }, Now);
}
