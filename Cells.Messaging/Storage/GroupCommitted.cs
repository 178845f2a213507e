using Cells.Contracts;
using Cells.Messaging.Links;

namespace Cells.Messaging.Storage;

/// <summary>From the committer to its subscribers, after each committed group: link pumps need not poll.</summary>
/// <param name="LastChangeNumber">The cell's change counter after the group; null when no replicated row was written.</param>
public sealed record GroupCommitted(IReadOnlyList<CommittedWork> Works, long? LastChangeNumber)
{
    /// <summary>Work that another process of the cell has committed: up to which number each of these links has some now. It stands in the outbox.</summary>
    public IReadOnlyList<(CellName Link, long UpTo)> Elsewhere { get; init; } = [];
}

/// <summary>A work message that now stands in the outbox, with its number.</summary>
public sealed record CommittedWork(CellName Link, long Number, SendWork Work);
