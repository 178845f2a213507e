using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;

namespace Cells.Compute.Reconciling;

/// <summary>
/// What an object on a pool that carries our stamp is, given its instance's row. Only a durable row that says so lets anything be destroyed: deleted,
/// given back, or placed by a later attempt, whose predecessors were undone before it began.
/// </summary>
internal static class JudgeObject
{
    /// <param name="name">
    /// As it is shown. A clone or copy that somebody makes of an instance's VM has its stamp too, but a name of its own: beside the instance's own
    /// VM it is nobody's leftover, but theirs.
    /// </param>
    public static ObjectVerdict Vm(Instance? row, Stamp stamp, Guid vm, string name) =>
        Judge(row, stamp, vm, row?.Vm) is var verdict && verdict == ObjectVerdict.Leftover && row!.Vm is not null && name != Marks.NameOf(row.Id)
            ? ObjectVerdict.Unknown
            : verdict;

    /// <summary>
    /// A disk that the row names, in whichever role, is expected: what its mark says is corrected later than the row. Another one that calls itself one
    /// of a role is a leftover once no workflow runs that may be making it. One whose role nobody here knows is left alone.
    /// </summary>
    public static ObjectVerdict Disk(Instance? row, Stamp stamp, Guid disk, DiskRole role) => (row, role) switch
    {
        ({ Released: false }, _) when row.Disks.Names(disk) => ObjectVerdict.Expected,
        (_, DiskRole.Other) => ObjectVerdict.Unknown,
        (_, DiskRole.Root) => Judge(row, stamp, disk, row?.Disks.Root),
        _ => Judge(row, stamp, disk, null) is var verdict && verdict == ObjectVerdict.Expected && row is { Work: null } ? ObjectVerdict.Leftover : verdict,
    };

    private static ObjectVerdict Judge(Instance? row, Stamp stamp, Guid shown, Guid? known) => row switch
    {
        null => ObjectVerdict.Unknown,
        _ when stamp.Epoch > row.Epoch => ObjectVerdict.Unknown,
        { Released: true } => ObjectVerdict.Leftover,
        { DeleteIntent: > 0 } => ObjectVerdict.Expected,          // the delete under way removes it
        _ when stamp.Epoch < row.Epoch || stamp.Attempt < row.Attempt => ObjectVerdict.Leftover,
        _ when stamp.Attempt > row.Attempt => ObjectVerdict.Unknown,
        _ when known is { } own && own != shown => ObjectVerdict.Leftover,   // the row names another one as the instance's
        _ => ObjectVerdict.Expected,
    };
}

internal enum ObjectVerdict
{
    /// <summary>It is the instance's, or its workflow will see to it.</summary>
    Expected = 1,

    /// <summary>A durable row says that it should not be there: it is destroyed.</summary>
    Leftover = 2,

    /// <summary>Nothing durable says anything about it: it is listed as drift and left alone.</summary>
    Unknown = 3,
}
