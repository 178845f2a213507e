using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>How a disk of an instance is told from its copies, and one role from another.</summary>
public sealed class MarksTests
{
    private static readonly Guid Disk = Guid.Parse("77777777-7777-7777-7777-777777777777"), Copy = Guid.Parse("88888888-8888-8888-8888-888888888888");

    [Test]
    public void A_disks_marks_say_its_role_and_what_it_was_made_for(
        [Values(nameof(DiskRole.Root), nameof(DiskRole.Rescue), nameof(DiskRole.Former), nameof(DiskRole.Next), nameof(DiskRole.Snapshot))] string roleWord)
    {
        var role = Enum.Parse<DiskRole>(roleWord);
        var marks = Marks.OfDisk(Rows.Active().Stamp, Disk, role, intent: 7);

        Assert.That((Marks.Read(marks), Marks.RoleOf(marks)), Is.EqualTo(((Stamp?)Rows.Active().Stamp, role)));
        Assert.That(Marks.IsMadeFor(marks, role, 7), Is.True);
        Assert.That(Marks.IsMadeFor(marks, role, 8), Is.EqualTo(role == DiskRole.Root), "what an earlier intent left behind is not taken for a later one's");
        Assert.That(marks.ContainsKey(Marks.Role), Is.EqualTo(role != DiskRole.Root), "an instance's own disk is marked as it was before there were roles");
    }

    [Test]
    public void A_word_of_a_later_version_is_no_role_of_ours([Values("", "root", "other", "Rescue", "mirror")] string word)
    {
        Assert.That(Marks.RoleOf(new SortedDictionary<string, string> { [Marks.Role] = word }), Is.EqualTo(DiskRole.Other));
    }

    [Test]
    public void What_somebody_cloned_or_snapshot_is_not_the_instances_although_it_copied_its_marks(
        [Values(nameof(DiskRole.Root), nameof(DiskRole.Rescue), nameof(DiskRole.Snapshot))] string roleWord, [Values] bool snapshot)
    {
        var role = Enum.Parse<DiskRole>(roleWord);
        var marks = Marks.OfDisk(Rows.Active().Stamp, Disk, role, intent: 7);

        Assert.That(Marks.IsOwnDisk(Vdi(Copy, marks, snapshot)), Is.False);
    }

    [Test]
    public void A_snapshot_is_the_instances_only_when_it_says_so_itself()
    {
        Assert.That(Marks.IsOwnDisk(Vdi(Disk, Marks.OfDisk(Rows.Active().Stamp, Disk, DiskRole.Snapshot, 7), snapshot: true)), Is.True);
        Assert.That(Marks.IsOwnDisk(Vdi(Disk, Marks.OfDisk(Rows.Active().Stamp, Disk, DiskRole.Root, 7), snapshot: true)), Is.False);
        Assert.That(Marks.IsOwnDisk(Vdi(Disk, Marks.OfDisk(Rows.Active().Stamp, Disk, DiskRole.Root, 7), snapshot: false)), Is.True);
    }

    private static Vdi Vdi(Guid uuid, IReadOnlyDictionary<string, string> marks, bool snapshot) =>
        new(uuid, "instance", XenRef<Sr>.Null, 1, 1, Managed: true, snapshot, [], marks);
}
