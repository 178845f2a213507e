using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Dispatch;

/// <summary>How the door hands accepted requests to the dispatcher of its cell. Both calls commit everything in one change or nothing.</summary>
public interface IServerDispatch
{
    /// <summary>
    /// Chooses a child and commits <paramref name="together"/> (quota guard, intent) with the dispatch row and the message to the child. Nothing
    /// fits: the row ends refused in the same change, and the server shows its fault. Nobody heard: the row waits for a child until
    /// <paramref name="deadline"/>.
    /// </summary>
    /// <param name="build">Epoch 1, generation floor 0, a new instance id.</param>
    /// <param name="deadline">After it the server shows ERROR by silence; by this cell's clock.</param>
    Task<CommitOutcome> BuildAsync(
        BuildInstance build, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop);

    /// <summary>
    /// Commits <paramref name="together"/> (the intent 'deleted') with the cancelled dispatch and the message to the child that was asked. Where
    /// nobody holds the instance it is terminated in the same change. The epoch is filled in from the dispatch row.
    /// </summary>
    Task<CommitOutcome> DeleteAsync(
        DeleteInstance delete, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop);
}
