namespace Cells.Compute.Instances;

/// <summary>The part that a disk plays for its instance. On the host the word stands in other_config (<see cref="Workflows.Marks.Role"/>).</summary>
internal enum DiskRole
{
    /// <summary>A word of a later version: nobody here knows what it is for.</summary>
    Other = 0,

    /// <summary>The instance's own disk, which no mark tells from what was there before there were roles.</summary>
    Root = 1,

    /// <summary>What it boots from while it is rescued.</summary>
    Rescue = 2,

    /// <summary>What was its own disk until another one took its place.</summary>
    Former = 3,

    /// <summary>What is to become its own disk.</summary>
    Next = 4,

    /// <summary>A snapshot of its own disk that is being made an image of.</summary>
    Snapshot = 5,
}

/// <summary>
/// The disks that an instance's row names, by role: what is expected of it on its pool. Whatever else carries its stamp there is judged by
/// <see cref="Reconciling.JudgeObject"/>; a delete removes them all. At most one disk has a role.
/// </summary>
internal sealed record Disks(Guid? Root = null, Guid? Rescue = null, Guid? Former = null, Guid? Next = null, Guid? Snapshot = null)
{
    public static readonly Disks None = new();

    public Guid? this[DiskRole role] => role switch
    {
        DiskRole.Root => Root,
        DiskRole.Rescue => Rescue,
        DiskRole.Former => Former,
        DiskRole.Next => Next,
        DiskRole.Snapshot => Snapshot,
        _ => null,
    };

    /// <exception cref="ArgumentOutOfRangeException">The role is none that a row can name.</exception>
    public Disks With(DiskRole role, Guid? disk) => role switch
    {
        DiskRole.Root => this with { Root = disk },
        DiskRole.Rescue => this with { Rescue = disk },
        DiskRole.Former => this with { Former = disk },
        DiskRole.Next => this with { Next = disk },
        DiskRole.Snapshot => this with { Snapshot = disk },
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "no row names a disk of that role"),
    };

    public bool Names(Guid disk) => Named.Contains(disk);

    /// <summary>All of them, in the order of roles.</summary>
    public IEnumerable<Guid> Named => new[] { Root, Rescue, Former, Next, Snapshot }.OfType<Guid>();
}
