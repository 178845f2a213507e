using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Http;

/// <summary>The one answer for a database that cannot take a request now: nothing was changed, and the same request may succeed later.</summary>
internal static class Unavailable
{
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public static ApiResult Result(CommitOutcome.Unavailable outcome) =>
        ApiResult.Unavailable($"Nothing was changed: {outcome.Reason}", RetryAfter);

    /// <summary>Also for callers without HTTP: a read that the database did not answer is a 503, not an exception.</summary>
    public static async Task<ApiResult> GuardAsync(Func<Task<ApiResult>> handle)
    {
        try
        {
            return await handle();
        }
        catch (NpgsqlException error) when (error is not PostgresException { IsTransient: false })
        {
            return ApiResult.Unavailable($"The cell's database does not answer: {error.Message}", RetryAfter);
        }
    }
}
