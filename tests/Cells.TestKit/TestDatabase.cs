using Cells.Contracts;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.PrivateClusters;
using Npgsql;
using NUnit.Framework;

namespace Cells.TestKit;

/// <summary>A fresh database for one fixture, in the test process's own PostgreSQL.</summary>
/// <remarks>Without PostgreSQL a test is ignored on a desk and fails where CI=true.</remarks>
public sealed class TestDatabase : IAsyncDisposable
{
    private static int _made;

    private readonly PrivateCluster _cluster;

    private TestDatabase(PrivateCluster cluster, string name) => (_cluster, Name) = (cluster, name);

    public string Name { get; }

    public string ConnectionString => _cluster.ConnectionString(Name);

    /// <summary>An empty database.</summary>
    public static async Task<TestDatabase> CreateAsync()
    {
        var cluster = await TestCluster.SharedAsync();
        var name = $"test_{Interlocked.Increment(ref _made)}";
        await cluster.CreateDatabaseAsync(name, CancellationToken.None);
        return new TestDatabase(cluster, name);
    }

    /// <summary>A database with the schema of Cells.Messaging, and then of the given sources.</summary>
    public static async Task<TestDatabase> CreateAsync(params SqlSource[] owners)
    {
        var database = await CreateAsync();
        await Migrator.MigrateAsync(database.ConnectionString, [SqlSource.Messaging, .. owners], TimeProvider.System, CancellationToken.None);
        return database;
    }

    /// <summary>Runs a statement beside the committer: to prepare rows, or to damage them.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The server refuses new connections to this database, or takes them again.</summary>
    public async Task AllowConnectionsAsync(bool allow)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(_cluster.ConnectionString("postgres")) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"alter database {Name} allow_connections {allow}", connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The server ends every connection to this database.</summary>
    public async Task EndConnectionsAsync()
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(_cluster.ConnectionString("postgres")) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{Name}'", connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of every row.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var rows = await command.ExecuteReaderAsync();
        var found = new List<T>();
        while (await rows.ReadAsync())
            found.Add(rows.GetFieldValue<T>(0));
        return found;
    }

    public async ValueTask DisposeAsync() => await _cluster.DropDatabaseAsync(Name, CancellationToken.None);

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }
}
