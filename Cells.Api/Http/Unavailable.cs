using Cells.Api.Dispatch;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Http;

/// <summary>The answers for a database that cannot take a request now: nothing was changed, and the same request may succeed later.</summary>
internal static class Unavailable
{
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>What the database itself said is for the log, which has it: it names columns and values of others.</summary>
    public static ApiResult Result(CommitOutcome.Unavailable outcome) => outcome switch
    {
        { Constraint: not null } => ApiResult.Conflict("Nothing was changed: another request was faster and changed what this one relies on. Look, and ask again."),
        { IsRefused: true } => ApiResult.Refuse(500, "Unexpected API Error. Nothing was changed. Please report this with the request id."),
        _ => ApiResult.Unavailable("Nothing was changed: the cell's database cannot take it now. Ask again.", RetryAfter),
    };

    /// <summary>
    /// Writes these together, or nothing. Handlers that have no better answer of their own for a database that is away leave it to the door.
    /// </summary>
    /// <returns>
    /// Null once they are committed; else the writes whose guards did not match. None is named where a constraint stood for a guard: somebody else took the
    /// name, or made or removed what these refer to, in between.
    /// </returns>
    /// <exception cref="NothingWritten">The database cannot take it.</exception>
    public static async Task<CommitOutcome.Missed?> TakeAsync(this ICommitter committer, params IReadOnlyList<IWrite> writes) =>
        await committer.CommitAsync(new Change(writes)) switch
        {
            CommitOutcome.Unavailable { Constraint: not null } => new CommitOutcome.Missed([]),
            CommitOutcome.Unavailable lost => throw new NothingWritten(lost),
            var ended => ended as CommitOutcome.Missed,
        };

    /// <summary>Why the dispatcher took nothing; null once the change is committed, and where a guard missed and it is to be decided again.</summary>
    public static ApiResult? Refusal(this DispatchOutcome outcome) => outcome switch
    {
        DispatchOutcome.LaneFull full => ApiResult.Unavailable($"The link to cell {full.Link} is full; nothing was changed.", full.RetryAfter),
        DispatchOutcome.Ended { Outcome: CommitOutcome.Unavailable lost } => Result(lost),
        _ => null,
    };

    public static bool IsCommitted(this DispatchOutcome outcome) => outcome is DispatchOutcome.Ended { Outcome: CommitOutcome.Committed };

    /// <summary>For callers that come without HTTP what the door does for the others: a database that is away is a 503, not an exception.</summary>
    public static async Task<ApiResult> GuardAsync(Func<Task<ApiResult>> handle)
    {
        try
        {
            return await handle();
        }
        catch (NothingWritten lost)
        {
            return Result(lost.Outcome);
        }
        catch (NpgsqlException error) when (IsAway(error))
        {
            return NotRead();
        }
    }

    /// <summary>Whether the server or the way to it failed, not the statement.</summary>
    public static bool IsAway(NpgsqlException error) => error is not PostgresException { IsTransient: false };

    public static ApiResult NotRead() => ApiResult.Unavailable("The cell's database does not answer; nothing was changed.", RetryAfter);
}

/// <summary>A change was not written, and that is nothing its handler knows an answer to.</summary>
internal sealed class NothingWritten(CommitOutcome.Unavailable outcome) : Exception(outcome.Reason)
{
    public CommitOutcome.Unavailable Outcome { get; } = outcome;
}
