using Cells.Compute.Instances;
using Cells.Compute.Reconciling;
using Cells.Compute.Workflows;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>Nothing is destroyed without a durable row that says so.</summary>
public sealed class JudgeObjectTests
{
    private static readonly string Name = Marks.NameOf(Rows.Id);
    private static readonly Guid Other = Guid.Parse("77777777-7777-7777-7777-777777777777");

    [Test]
    public void An_object_of_an_unknown_instance_or_of_a_later_assignment_is_left_alone()
    {
        Assert.That(JudgeObject.Vm(null, Rows.Active().Stamp, Other, Name), Is.EqualTo(ObjectVerdict.Unknown));
        Assert.That(JudgeObject.Vm(Rows.Active(), Rows.Active().Stamp with { Epoch = 2 }, Other, Name), Is.EqualTo(ObjectVerdict.Unknown));
        Assert.That(JudgeObject.Vm(Rows.Deleted(), Rows.Active().Stamp with { Epoch = 2 }, Other, Name), Is.EqualTo(ObjectVerdict.Unknown));
        Assert.That(JudgeObject.Vm(Rows.Active(), Rows.Active().Stamp with { Attempt = 2 }, Other, Name), Is.EqualTo(ObjectVerdict.Unknown));
    }

    [Test]
    public void An_object_of_a_deleted_or_refused_instance_is_a_leftover()
    {
        Assert.That(JudgeObject.Vm(Rows.Deleted(), Rows.Active().Stamp, Other, Name), Is.EqualTo(ObjectVerdict.Leftover));
        Assert.That(JudgeObject.Disk(Rows.Failed(), Rows.Active().Stamp, Other, DiskRole.Root), Is.EqualTo(ObjectVerdict.Leftover));
    }

    [Test]
    public void So_is_one_of_an_earlier_attempt_and_a_second_one_beside_the_rows_own()
    {
        var second = Rows.Active() with { Attempt = 2 };

        Assert.That(JudgeObject.Vm(second, Rows.Active().Stamp, Other, Name), Is.EqualTo(ObjectVerdict.Leftover));
        Assert.That(JudgeObject.Vm(Rows.Active(), Rows.Active().Stamp, Other, Name), Is.EqualTo(ObjectVerdict.Leftover));
    }

    [Test]
    public void A_copy_that_somebody_made_of_an_instances_VM_under_a_name_of_its_own_is_left_alone()
    {
        Assert.That(JudgeObject.Vm(Rows.Active(), Rows.Active().Stamp, Other, "backup of web"), Is.EqualTo(ObjectVerdict.Unknown));
    }

    [Test]
    public void The_rows_own_VM_is_expected_under_any_name_and_a_leftover_once_its_instance_is_deleted()
    {
        Assert.That(JudgeObject.Vm(Rows.Active(), Rows.Active().Stamp, Rows.Active().Vm!.Value, "web"), Is.EqualTo(ObjectVerdict.Expected));
        Assert.That(JudgeObject.Vm(Rows.Deleted(), Rows.Active().Stamp, Rows.Active().Vm!.Value, "web"), Is.EqualTo(ObjectVerdict.Leftover));
    }

    [Test]
    public void The_rows_own_and_whatever_a_delete_under_way_will_remove_is_expected()
    {
        var deleting = Rows.Active() with { DeleteIntent = 2, Work = new Work(WorkflowKind.Delete, 1, false, null) };

        Assert.That(JudgeObject.Vm(Rows.Active(), Rows.Active().Stamp, Rows.Active().Vm!.Value, Name), Is.EqualTo(ObjectVerdict.Expected));
        Assert.That(JudgeObject.Vm(Rows.Building(), Rows.Building().Stamp, Other, Name), Is.EqualTo(ObjectVerdict.Expected));
        Assert.That(JudgeObject.Vm(deleting, Rows.Active().Stamp, Other, Name), Is.EqualTo(ObjectVerdict.Expected));
    }

    [Test]
    public void A_disk_that_the_row_names_in_any_role_is_expected_whatever_its_mark_says(
        [Values(nameof(DiskRole.Root), nameof(DiskRole.Rescue), nameof(DiskRole.Former), nameof(DiskRole.Next), nameof(DiskRole.Snapshot))] string namedWord,
        [Values(nameof(DiskRole.Root), nameof(DiskRole.Rescue), nameof(DiskRole.Former), nameof(DiskRole.Next), nameof(DiskRole.Snapshot), nameof(DiskRole.Other))] string markedWord)
    {
        var named = Enum.Parse<DiskRole>(namedWord);
        var marked = Enum.Parse<DiskRole>(markedWord);
        var row = Rows.Active() with { Disks = Disks.None.With(named, Other) };

        Assert.That(JudgeObject.Disk(row, row.Stamp, Other, marked), Is.EqualTo(ObjectVerdict.Expected));
        Assert.That(JudgeObject.Disk(Rows.Deleted(), row.Stamp, Other, DiskRole.Rescue), Is.EqualTo(ObjectVerdict.Leftover));
    }

    [Test]
    public void A_disk_of_a_role_that_the_row_does_not_name_is_a_leftover_once_no_workflow_may_be_making_it(
        [Values(nameof(DiskRole.Rescue), nameof(DiskRole.Former), nameof(DiskRole.Next), nameof(DiskRole.Snapshot))] string roleWord)
    {
        var role = Enum.Parse<DiskRole>(roleWord);
        var working = Rows.Active() with { Work = new Work(WorkflowKind.Stop, 0, false, null) };
        var deleting = Rows.Active() with { DeleteIntent = 2, Work = new Work(WorkflowKind.Delete, 1, false, null) };

        Assert.That(JudgeObject.Disk(Rows.Active(), Rows.Active().Stamp, Other, role), Is.EqualTo(ObjectVerdict.Leftover));
        Assert.That(JudgeObject.Disk(working, Rows.Active().Stamp, Other, role), Is.EqualTo(ObjectVerdict.Expected));
        Assert.That(JudgeObject.Disk(deleting, Rows.Active().Stamp, Other, role), Is.EqualTo(ObjectVerdict.Expected));
        Assert.That(JudgeObject.Disk(null, Rows.Active().Stamp, Other, role), Is.EqualTo(ObjectVerdict.Unknown));
        Assert.That(JudgeObject.Disk(Rows.Active(), Rows.Active().Stamp with { Epoch = 2 }, Other, role), Is.EqualTo(ObjectVerdict.Unknown));
    }

    [Test]
    public void A_disk_whose_role_nobody_here_knows_is_left_alone_also_after_its_instance()
    {
        Assert.That(JudgeObject.Disk(Rows.Active(), Rows.Active().Stamp, Other, DiskRole.Other), Is.EqualTo(ObjectVerdict.Unknown));
        Assert.That(JudgeObject.Disk(Rows.Deleted(), Rows.Active().Stamp, Other, DiskRole.Other), Is.EqualTo(ObjectVerdict.Unknown));
    }
}
