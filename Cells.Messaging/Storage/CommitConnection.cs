using Npgsql;
using NpgsqlTypes;

namespace Cells.Messaging.Storage;

/// <summary>The one connection through which a committer writes, opened again when it broke. Used by one task at a time.</summary>
internal sealed class CommitConnection(NpgsqlDataSource source, Guid committer) : IAsyncDisposable
{
    private NpgsqlConnection? _connection;

    /// <summary>
    /// Runs the group to its end. An exception means that the commit was sent and its answer is not known: see <see cref="LastGroupAsync"/>.
    /// </summary>
    public async Task<GroupResult> RunAsync(GroupTransaction group, CancellationToken stop)
    {
        NpgsqlTransaction transaction;
        try
        {
            transaction = await BeginAsync(stop);
        }
        catch (Exception error)
        {
            await CloseAsync();
            return new GroupResult.NotNow(error);   // no member is at fault: an operator mends it, or time
        }
        try
        {
            var misses = await group.ExecuteAsync(transaction, stop);
            if (misses.Count > 0)
            {
                await transaction.RollbackAsync(stop);
                return new GroupResult.Missed(misses);
            }
        }
        catch (Exception error)
        {
            // The commit was not sent, so the server rolls back, whatever became of the connection.
            await CloseAsync();
            return IsPassing(error) ? new GroupResult.NotNow(error) : new GroupResult.Refused(error);
        }
        try
        {
            await transaction.CommitAsync(stop);
            return group.Prepared!;
        }
        catch (PostgresException error) when (error.SqlState.StartsWith("23", StringComparison.Ordinal))
        {
            await CloseAsync();
            return new GroupResult.Refused(error);   // a constraint that is judged at the commit: it did not hold
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    /// <summary>
    /// The id of the last group of this committer that was committed. The row's lock makes this wait for a transaction that the server is
    /// still ending: the group's batch was answered before its commit was sent, so a group whose answer is missing holds the lock.
    /// </summary>
    public async Task<Guid?> LastGroupAsync(CancellationToken stop)
    {
        try
        {
            await using var transaction = await BeginAsync(stop);
            await using var select = new NpgsqlCommand("""
                select id
                  from commit_group
                 where committer = @committer
                   for update
                """, transaction.Connection, transaction);
            select.Parameters.Add(new NpgsqlParameter("committer", NpgsqlDbType.Uuid) { Value = committer });
            var id = (Guid?)await select.ExecuteScalarAsync(stop);
            await transaction.CommitAsync(stop);
            return id;
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await source.DisposeAsync();
    }

    private async Task<NpgsqlTransaction> BeginAsync(CancellationToken stop)
    {
        if (_connection is { State: not System.Data.ConnectionState.Open })
            await CloseAsync();
        _connection ??= await source.OpenConnectionAsync(stop);
        return await _connection.BeginTransactionAsync(stop);
    }

    private async Task CloseAsync()
    {
        if (_connection is not { } connection)
            return;
        _connection = null;
        await connection.DisposeAsync();
    }

    /// <summary>Whether the same statements may succeed later: the connection or the server failed, not a statement.</summary>
    private static bool IsPassing(Exception error) => error switch
    {
        // Connection exception, transaction rollback (deadlock, serialization), insufficient resources, operator intervention, system error;
        // read-only server (a standby), lock not available (PostgreSQL manual, appendix A).
        PostgresException refused => refused.SqlState[..2] is "08" or "40" or "53" or "57" or "58"
            || refused.SqlState is "25006" or "55P03",
        NpgsqlException or IOException or TimeoutException or OperationCanceledException => true,
        _ => false,
    };
}
