using Cells.Contracts;
using Cells.Messaging.Storage.PrivateClusters;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cells.Host.Up;

/// <summary>Where the cells' databases are: a private cluster of ours, or a server that was named. One database per cell.</summary>
internal sealed class Databases : IAsyncDisposable
{
    /// <summary>A cell uses at most three connections; the rest is for tools and for a successor that starts while its predecessor ends.</summary>
    private const int ConnectionsPerCell = 3, Spare = 20;

    private readonly PrivateCluster? _cluster;
    private readonly string? _server;
    private KeepRunning? _watch;

    private Databases(PrivateCluster? cluster, string? server) => (_cluster, _server) = (cluster, server);

    public string Told { get; private init; } = "";

    public static async Task<Databases> PrivateAsync(string directory, int cells, TimeProvider time, ILogger logger, CancellationToken stop)
    {
        var cluster = await PrivateCluster.StartAsync(
            new PrivateClusterOptions(directory) { MaxConnections = (cells * ConnectionsPerCell) + Spare, MayInstall = true }, time, logger, stop);
        var databases = new Databases(cluster, null)
        {
            Told = $"{(cluster.TakenOver ? "took over the running" : "started a private")} PostgreSQL on 127.0.0.1:{cluster.Port} (process {cluster.ProcessId}), directory {directory}",
        };
        databases._watch = new KeepRunning(
            "PostgreSQL", cluster.Directory, () => cluster.IsRunning, cluster.RestartAsync, () => (cluster.ProcessId, cluster.Port), time, logger);
        return databases;
    }

    /// <exception cref="CellsException">The connection string is wrong, or nobody answers.</exception>
    public static async Task<Databases> NamedAsync(string connectionString, CancellationToken stop)
    {
        try
        {
            var server = new NpgsqlConnectionStringBuilder(connectionString);
            await using var connection = new NpgsqlConnection(server.ConnectionString);
            await connection.OpenAsync(stop);
            return new Databases(null, server.ConnectionString) { Told = $"uses PostgreSQL {connection.PostgreSqlVersion} at {server.Host}:{server.Port}" };
        }
        catch (ArgumentException error)
        {
            throw new CellsException($"--database: not a connection string of PostgreSQL ({error.Message}). Example: \"Host=db1;Username=cells;Password=...;Database=postgres\".", error);
        }
        catch (NpgsqlException error)
        {
            throw new CellsException($"--database: the server does not let us in ({error.Message}).", error);
        }
    }

    /// <summary>Makes the cell's database when it is not there.</summary>
    public async Task<string> EnsureAsync(CellName cell, CancellationToken stop)
    {
        var name = NameOf(cell);
        if (_cluster is not null)
        {
            await _cluster.CreateDatabaseAsync(name, stop);
            return _cluster.ConnectionString(name);
        }
        await using var connection = new NpgsqlConnection(_server);
        await connection.OpenAsync(stop);
        await using var exists = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection) { Parameters = { new NpgsqlParameter { Value = name } } };
        if (await exists.ExecuteScalarAsync(stop) is null)
        {
            // A cell name has only a-z, 0-9 and '-': nothing in it can end the quotation.
            await using var create = new NpgsqlCommand($"create database \"{name}\"", connection);
            await create.ExecuteNonQueryAsync(stop);
        }
        return new NpgsqlConnectionStringBuilder(_server) { Database = name }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null)
            await _watch.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    private static string NameOf(CellName cell) => $"cells_{cell}";
}
