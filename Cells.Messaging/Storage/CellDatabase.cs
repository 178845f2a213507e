using Npgsql;

namespace Cells.Messaging.Storage;

/// <summary>Reads of one cell's database, two at a time; further ones wait for a connection.</summary>
public sealed class CellDatabase : ICellDatabase, IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;
    private readonly IDatabaseGate _gate;

    public CellDatabase(string connectionString, IDatabaseGate gate) =>
        (_source, _gate) = (CellConnections.ForReads(connectionString), gate);

    public Task<T> ReadAsync<T>(string what, Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken stop) =>
        _gate.RunAsync(DatabaseUse.Read, what, work: inner => ReadOnceAsync(read, inner), stop);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task<T> ReadOnceAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken stop)
    {
        await using var connection = await _source.OpenConnectionAsync(stop);
        return await read(connection, stop);
    }
}
