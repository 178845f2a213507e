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

    public static ObjectVerdict Disk(Instance? row, Stamp stamp, Guid disk) => Judge(row, stamp, disk, row?.Vdi);

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
