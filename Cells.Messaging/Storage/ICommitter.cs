namespace Cells.Messaging.Storage;

/// <summary>The one write path of a cell: what waits is committed together, in one transaction, and then each asker is told.</summary>
public interface ICommitter
{
    /// <summary>
    /// Hands the change in; <paramref name="told"/> is called once, after the group ended, on the committer's own turn: it must only pass the
    /// outcome on (Tell, or complete a source), never work.
    /// </summary>
    void Commit(Change change, Action<CommitOutcome> told);

    /// <summary>The same for edges (HTTP handlers, workflows) that await. The completion comes from the dispatcher's seam.</summary>
    Task<CommitOutcome> CommitAsync(Change change);
}
