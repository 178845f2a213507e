using System.Globalization;
using Cells.Host.Clients;
using Cells.Messaging.Storage.PrivateClusters;
using Npgsql;

namespace Cells.Host.Commands.Doctor;

/// <summary>What lies in a data directory, and what its own PostgreSQL says. Looked at from outside: nothing is locked, started or changed.</summary>
/// <param name="Secrets">Files that only their owner may read, below the directory, with their modes.</param>
/// <param name="Holder">Process that holds the directory; null when it has ended.</param>
/// <param name="StartedBy">The command that last started it; null when none did, or one of an older version.</param>
/// <param name="Port">Of its private PostgreSQL; null when none runs, or this user may not see it.</param>
/// <param name="Problem">Why its PostgreSQL could not be asked; null when it was, or none runs.</param>
internal sealed record DirectoryFacts(
    string Path, IReadOnlyList<(string File, UnixFileMode Mode)> Secrets, long FreeBytes, long TotalBytes, int? Holder, string? StartedBy, int? Port, IReadOnlyList<CellRows> Cells, string? Problem)
{
    public static async Task<DirectoryFacts> LookAsync(string directory, CancellationToken stop)
    {
        var path = System.IO.Path.GetFullPath(directory);
        var drive = new DriveInfo(path);
        var port = Postmaster(path);
        var (cells, problem) = port is { } known ? await CellRowsAsync(known, stop) : ([], null);
        return new DirectoryFacts(path, [.. SecretsIn(path)], drive.AvailableFreeSpace, drive.TotalSize, HolderOf(path), StartWords.Of(path), port, cells, problem);
    }

    private static IEnumerable<(string, UnixFileMode)> SecretsIn(string path)
    {
        var keys = System.IO.Path.Combine(path, "keys");
        return (Directory.Exists(keys) ? Directory.EnumerateFiles(keys, "*", SearchOption.AllDirectories) : [])
            .Concat(new[] { "openrc", "clouds.yaml" }.Select(name => System.IO.Path.Combine(path, name)).Where(File.Exists))
            .Order(StringComparer.Ordinal)
            .Select(file => (System.IO.Path.GetRelativePath(path, file), File.GetUnixFileMode(file)));
    }

    // The lock itself is not touched: a start at this moment must not find it taken.
    private static int? HolderOf(string path)
    {
        var file = System.IO.Path.Combine(path, "lock.holder");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Directory.Exists($"/proc/{pid}") ? pid : null;
    }

    private static int? Postmaster(string path)
    {
        // Lines: pid, data directory, start time, port (PostgreSQL manual, 73.1).
        try
        {
            var lines = File.ReadAllLines(System.IO.Path.Combine(path, "postgres", "data", "postmaster.pid"));
            return lines.Length > 3
                && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Directory.Exists($"/proc/{pid}")
                && int.TryParse(lines[3], NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;                     // none runs, or it is another user's: the door is asked all the same
        }
    }

    private static async Task<(IReadOnlyList<CellRows> Cells, string? Problem)> CellRowsAsync(int port, CancellationToken stop)
    {
        try
        {
            var cells = new List<CellRows>();
            foreach (var database in await QueryAsync(port, "postgres", "select datname from pg_database where datname like 'cells\\_%' order by datname", r => r.GetString(0), stop))
            {
                var free = await QueryAsync(port, database, "select name from lease where holder is null order by name", r => r.GetString(0), stop);
                var parked = await QueryAsync(port, database, "select count(*) from parked_message", r => r.GetInt64(0), stop);
                cells.Add(new CellRows(database["cells_".Length..], free, parked.Single()));
            }
            return (cells, null);
        }
        catch (NpgsqlException error)
        {
            return ([], error.Message);
        }
    }

    private static async Task<List<T>> QueryAsync<T>(int port, string database, string sql, Func<NpgsqlDataReader, T> read, CancellationToken stop)
    {
        var settings = new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = PrivateCluster.User, Database = database, Pooling = false, Timeout = 5, CommandTimeout = 5 };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(stop);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var rows = await command.ExecuteReaderAsync(stop);
        var found = new List<T>();
        while (await rows.ReadAsync(stop))
            found.Add(read(rows));
        return found;
    }
}

/// <summary>What the database of one cell shows without its process.</summary>
/// <param name="FreeLeases">Leases that nobody holds.</param>
internal sealed record CellRows(string Cell, IReadOnlyList<string> FreeLeases, long Parked);
