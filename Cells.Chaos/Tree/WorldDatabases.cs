using System.Globalization;
using System.Text;
using Cells.Api;
using Cells.Chaos.Stepping;
using Cells.Compute;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.PrivateClusters;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Cells.Chaos.Tree;

/// <summary>
/// One private PostgreSQL with one database per cell, made once per process and emptied between seeds. Emptying is a truncate and a copy of what
/// the migrations and the world's own things had put there, so every seed begins with the same pages.
/// </summary>
internal sealed class WorldDatabases : IAsyncDisposable
{
    private const string Prefix = "cells-chaos-";

    private static readonly string[] s_names = ["global", "east", "west", "east-1", "east-2"];

    private readonly PrivateCluster _cluster;
    private readonly SortedDictionary<string, NpgsqlConnection> _connections = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _reset = new(StringComparer.Ordinal);

    private WorldDatabases(string directory, PrivateCluster cluster) => (Directory, _cluster) = (directory, cluster);

    /// <summary>Of this process: the cluster, and each world's key files.</summary>
    public string Directory { get; }

    /// <param name="time">The real clock: the server is a real process.</param>
    public static async Task<WorldDatabases> StartAsync(TimeProvider time, CancellationToken stop)
    {
        await RemoveOfEndedProcessesAsync(time, stop);
        // PostgreSQL's own user must be able to enter it.
        var directory = System.IO.Directory.CreateTempSubdirectory($"{Prefix}{Environment.ProcessId}-").FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(directory, File.GetUnixFileMode(directory) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        var cluster = await PrivateCluster.StartAsync(
            new PrivateClusterOptions(Path.Combine(directory, "postgres")) { Fsync = false, Stepped = true, MayInstall = true }, time, NullLogger.Instance, stop);
        var databases = new WorldDatabases(directory, cluster);
        foreach (var name in s_names)
            await databases.MakeAsync(name, time, stop);
        return databases;
    }

    public string ConnectionString(string cell) => _cluster.ConnectionString(cell);

    /// <summary>For checkers: their reads are no steps.</summary>
    public NpgsqlConnection Connection(string cell) => _connections[cell];

    /// <summary>As new. Blocks: it is called between two seeds, on the stepping thread.</summary>
    public void Empty(string cell)
    {
        using var command = new NpgsqlCommand(_reset[cell], _connections[cell]);
        command.ExecuteNonQuery();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections.Values)
            await connection.DisposeAsync();
        await _cluster.RemoveAsync(CancellationToken.None);
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    /// <summary>A process that was killed cannot remove its own: the next one does.</summary>
    private static async Task RemoveOfEndedProcessesAsync(TimeProvider time, CancellationToken stop)
    {
        foreach (var directory in System.IO.Directory.GetDirectories(Path.GetTempPath(), Prefix + "*").Order(StringComparer.Ordinal))
        {
            if (!int.TryParse(Path.GetFileName(directory)[Prefix.Length..].Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var owner)
                || System.IO.Directory.Exists($"/proc/{owner}"))
                continue;
            // Two processes, or two lanes of one, may find the same: the first to rename it removes it.
            var taken = Path.Combine(Path.GetTempPath(), $"{Prefix}{Environment.ProcessId}-of-{Path.GetFileName(directory)}");
            var cluster = Path.Combine(directory, "postgres");
            try
            {
                if (System.IO.Directory.Exists(cluster))
                    await PrivateCluster.RemoveLeftAsync(cluster, time, stop);
                System.IO.Directory.Move(directory, taken);
            }
            catch (Exception error) when (error is DirectoryNotFoundException or FileNotFoundException)
            {
                continue;
            }
            System.IO.Directory.Delete(taken, recursive: true);
        }
    }

    private async Task MakeAsync(string name, TimeProvider time, CancellationToken stop)
    {
        await _cluster.CreateDatabaseAsync(name, stop);
        var connectionString = _cluster.ConnectionString(name);
        IReadOnlyList<SqlSource> sources = name.Contains('-', StringComparison.Ordinal) ? [SqlSource.Messaging, ComputeCell.Sql] : [SqlSource.Messaging, ApiHome.Sql];
        await Migrator.MigrateAsync(connectionString, sources, time, stop);
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(stop);
        _connections.Add(name, connection);
        if (name == "global")
            await ExecuteAsync(connection, Things(), stop);
        _reset.Add(name, await PrepareResetAsync(connection, stop));
    }

    private static async Task<string> PrepareResetAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        var tables = new List<string>();
        await using (var select = new NpgsqlCommand("""
            select table_name
              from information_schema.tables
             where table_schema = 'public'
               and table_type = 'BASE TABLE'
               and table_name <> 'schema_version'
             order by table_name
            """, connection))
        await using (var rows = await select.ExecuteReaderAsync(stop))
        {
            while (await rows.ReadAsync(stop))
                tables.Add(rows.GetString(0));
        }
        var script = new StringBuilder($"truncate {string.Join(", ", tables)} restart identity;\n");
        await ExecuteAsync(connection, "create schema initial", stop);
        foreach (var table in await InOrderOfReferenceAsync(connection, tables, stop))
        {
            await ExecuteAsync(connection, $"create table initial.{table} as select * from public.{table}", stop);
            await using var count = new NpgsqlCommand($"select count(*) from initial.{table}", connection);
            if ((long)(await count.ExecuteScalarAsync(stop))! > 0)
                script.Append(CultureInfo.InvariantCulture, $"insert into public.{table} select * from initial.{table};\n");
        }
        return script.ToString();
    }

    /// <summary>Referred tables before those that refer to them.</summary>
    private static async Task<IReadOnlyList<string>> InOrderOfReferenceAsync(NpgsqlConnection connection, List<string> tables, CancellationToken stop)
    {
        var references = new List<(string From, string To)>();
        await using (var select = new NpgsqlCommand("""
            select conrelid::regclass::text, confrelid::regclass::text
              from pg_constraint
             where contype = 'f'
             order by 1, 2
            """, connection))
        await using (var rows = await select.ExecuteReaderAsync(stop))
        {
            while (await rows.ReadAsync(stop))
                references.Add((rows.GetString(0), rows.GetString(1)));
        }
        var (ordered, left) = (new List<string>(), new List<string>(tables));
        while (left.Count > 0)
        {
            var next = left.First(table => references.All(r => r.From != table || r.To == table || ordered.Contains(r.To)));
            ordered.Add(next);
            left.Remove(next);
        }
        return ordered;
    }

    /// <summary>Two projects, three flavors, one image, one network: what the workload orders.</summary>
    private static string Things()
    {
        var sql = new StringBuilder("""
            insert into domain (id, name, description, enabled) values ('default', 'Default', '', true);

            """);
        foreach (var (project, index) in WorldThings.Projects.Select((p, i) => (p, i)))
            sql.Append(CultureInfo.InvariantCulture, $"""
                insert into project (id, domain_id, name, description, enabled) values ('{project.Value}', 'default', 'p{index}', '', true);
                insert into project_quota (project_id, instances, cores, ram_mib) values ('{project.Value}', {WorldThings.QuotaInstances}, -1, -1);

                """);
        foreach (var flavor in WorldThings.Flavors)
            sql.Append(CultureInfo.InvariantCulture, $$"""
                insert into flavor (id, name, vcpus, memory_mib, disk_gib, rxtx_factor, is_public, extra_specs, created_at, made)
                values ('{{flavor.Id}}', '{{flavor.Name}}', {{flavor.Vcpus}}, {{flavor.MemoryMib}}, {{flavor.DiskGib}}, 1, true, '{}', '2026-01-01T00:00:00Z', '{{new Guid((int)flavor.MemoryMib, 1, 1, new byte[8])}}');

                """);
        var image = SteppedImages.Image;
        sql.Append(CultureInfo.InvariantCulture, $$"""
            insert into image (id, owner, name, visibility, protected, hidden, disk_format, container_format, min_disk_gib, min_ram_mib, tags, properties,
                               file_name, size_bytes, md5, sha256, sha512, created_at, updated_at)
            values ('{{image.Id}}', '{{WorldThings.Projects[0].Value}}', 'chaos', 'public', false, false, 'raw', 'bare', 0, 0, '[]', '{}',
                    'chaos', {{image.SizeBytes}}, '{{new string('0', 32)}}', '{{image.Sha256}}', '{{new string('0', 128)}}', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
            """);
        sql.Append(CultureInfo.InvariantCulture, $$"""

            insert into network (id, project_id, name, description, key, shared, admin_up, mtu, created_at)
            values ('{{WorldThings.Network}}', '{{WorldThings.Projects[0].Value}}', 'chaos', '', 'management', true, true, 1500, '2026-01-01T00:00:00Z');
            insert into subnet (id, network_id, project_id, name, description, cidr, gateway_ip, pools, dns, created_at)
            values ('{{WorldThings.Network}}', '{{WorldThings.Network}}', '{{WorldThings.Projects[0].Value}}', 'chaos', '', '{{WorldThings.Subnet}}', null,
                    '[{"start": "10.9.0.1", "end": "10.9.0.126"}]', '[]', '2026-01-01T00:00:00Z');
            """);
        return sql.ToString();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(stop);
    }
}
