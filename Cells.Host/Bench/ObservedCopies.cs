using System.Collections.Concurrent;
using Npgsql;

namespace Cells.Host.Bench;

/// <summary>
/// Tells when the copy of an instance's row, with its host chosen, is committed at the top. Looks from outside, every 5 ms, at what is new; all in one
/// transaction of its own (each statement sees what is committed by then), so that looking adds nothing to the transactions counted.
/// </summary>
internal sealed class ObservedCopies : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _arrivals = new();
    private readonly CancellationTokenSource _ending;
    private readonly TimeProvider _time;
    private readonly NpgsqlConnection _connection;
    private long _seenUpTo;
    private Task _looking = Task.CompletedTask;

    private ObservedCopies(NpgsqlConnection connection, TimeProvider time, CancellationToken stop) =>
        (_connection, _time, _ending) = (connection, time, CancellationTokenSource.CreateLinkedTokenSource(stop));

    public static async Task<ObservedCopies> WatchAsync(string database, TimeProvider time, CancellationToken stop)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(stop);
        var copies = new ObservedCopies(connection, time, stop);
        await using (var newest = new NpgsqlCommand("select coalesce(max(change_number), 0) from instance_observed", connection))
            copies._seenUpTo = (long)(await newest.ExecuteScalarAsync(stop))!;
        copies._looking = copies.LookAsync(copies._ending.Token);
        return copies;
    }

    /// <summary>Ends when the copy is there; at once when it was before.</summary>
    public Task ArrivalOf(Guid instance) => Of(instance).Task;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _looking;
        _ending.Dispose();
        await _connection.DisposeAsync();
    }

    private TaskCompletionSource Of(Guid instance) =>
        _arrivals.GetOrAdd(instance, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task LookAsync(CancellationToken stop)
    {
        try
        {
            await using var transaction = await _connection.BeginTransactionAsync(stop);
            await using var command = new NpgsqlCommand("""
                select instance, change_number
                  from instance_observed
                 where change_number > $1
                   and body ->> 'host' is not null
                 order by change_number
                """, _connection, transaction) { Parameters = { new NpgsqlParameter<long>() } };
            while (true)
            {
                ((NpgsqlParameter<long>)command.Parameters[0]).TypedValue = _seenUpTo;
                await using (var answer = await command.ExecuteReaderAsync(stop))
                    while (await answer.ReadAsync(stop))
                    {
                        _seenUpTo = answer.GetInt64(1);
                        Of(answer.GetGuid(0)).TrySetResult();
                    }
                await Task.Delay(LookEvery, _time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The batch is over.
        }
        catch (NpgsqlException error)
        {
            foreach (var arrival in _arrivals.Values)
                arrival.TrySetException(error);
        }
    }
}
