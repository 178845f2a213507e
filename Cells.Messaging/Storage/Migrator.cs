using Cells.Contracts;
using Npgsql;

namespace Cells.Messaging.Storage;

/// <summary>
/// Brings a database to the schema of this version: each file once, each in its own transaction, one migrator at a time. Safe to run at
/// every start and by several processes at once.
/// </summary>
public static class Migrator
{
    // Any number that nobody else in a cell's database uses: "cells" in ASCII.
    private const long LockKey = 0x63656c6c73;

    /// <returns>The names of the files applied now; empty when the schema was up to date.</returns>
    /// <exception cref="CellsException">A file was changed after it was applied, or the database knows a file that this version does not.</exception>
    public static Task<IReadOnlyList<string>> MigrateAsync(
        string connectionString, IReadOnlyList<SqlSource> sources, TimeProvider time, CancellationToken stop) =>
        MigrateAsync(connectionString, [.. sources.SelectMany(source => source.Files())], time, stop);

    internal static async Task<IReadOnlyList<string>> MigrateAsync(
        string connectionString, IReadOnlyList<SqlFile> files, TimeProvider time, CancellationToken stop)
    {
        // Not pooled: closing the connection gives the lock back, whatever happened.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(stop);
        await LockAsync(connection, stop);
        var applied = await ReadAppliedAsync(connection, stop);
        Check(connection.Database, files, applied);

        var now = new List<string>();
        foreach (var file in files.Where(file => !applied.ContainsKey(file.Name)))
        {
            await ApplyAsync(connection, file, time.GetUtcNow(), stop);
            now.Add(file.Name);
        }
        return now;
    }

    private static async Task LockAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        // Another migrator may be at work for minutes: it is waited for, without the command's time-out.
        await using var command = new NpgsqlCommand("select pg_advisory_lock(@key)", connection) { CommandTimeout = 0 };
        command.Parameters.AddWithValue("key", LockKey);
        await command.ExecuteNonQueryAsync(stop);
    }

    private static async Task<IReadOnlyDictionary<string, string>> ReadAppliedAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var create = new NpgsqlCommand("""
            create table if not exists schema_version (
                file       text        primary key,
                checksum   text        not null,
                applied_at timestamptz not null
            )
            """, connection);
        await create.ExecuteNonQueryAsync(stop);

        await using var select = new NpgsqlCommand("""
            select file, checksum
              from schema_version
             order by file
            """, connection);
        await using var rows = await select.ExecuteReaderAsync(stop);
        var applied = new SortedDictionary<string, string>(StringComparer.Ordinal);
        while (await rows.ReadAsync(stop))
            applied.Add(rows.GetString(0), rows.GetString(1));
        return applied;
    }

    private static void Check(string database, IReadOnlyList<SqlFile> files, IReadOnlyDictionary<string, string> applied)
    {
        var known = files.ToDictionary(file => file.Name, file => file.Checksum, StringComparer.Ordinal);
        foreach (var (name, checksum) in applied)
        {
            if (!known.TryGetValue(name, out var ours))
                throw new CellsException(
                    $"Database '{database}' was brought to a newer schema by '{name}', which this version does not have; nothing was changed. "
                    + "Start the newer version on it, or give this version a database of its own.");
            if (ours != checksum)
                throw new CellsException(
                    $"The SQL file '{name}' was changed after it was applied to database '{database}'; nothing was changed. "
                    + "Put the file back as it was, and put the change into a new file with the next number.");
        }
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, SqlFile file, DateTimeOffset at, CancellationToken stop)
    {
        await using var transaction = await connection.BeginTransactionAsync(stop);
        try
        {
            // A large table may take longer than the usual time-out of a command.
            await using var apply = new NpgsqlCommand(file.Text, connection, transaction) { CommandTimeout = 0 };
            await apply.ExecuteNonQueryAsync(stop);
        }
        catch (PostgresException error)
        {
            throw new CellsException(
                $"The SQL file '{file.Name}' failed on database '{connection.Database}' and was rolled back: {error.MessageText} (SQLSTATE {error.SqlState}).", error);
        }
        await using var note = new NpgsqlCommand("""
            insert into schema_version (file, checksum, applied_at)
            values (@file, @checksum, @at)
            """, connection, transaction);
        note.Parameters.AddWithValue("file", file.Name);
        note.Parameters.AddWithValue("checksum", file.Checksum);
        note.Parameters.AddWithValue("at", at.UtcDateTime);
        await note.ExecuteNonQueryAsync(stop);
        await transaction.CommitAsync(stop);
    }
}
