using Cells.Messaging.Storage.PrivateClusters;
using Npgsql;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>Reads the databases of a tree's compute cells, beside them: also while no `up` runs, for PostgreSQL outlives a kill -9.</summary>
internal sealed class CellTables(string data, params string[] cells)
{
    /// <summary>Builds under way, each with the index of its step.</summary>
    public Task<List<(string Instance, int Step)>> BuildsAsync() => QueryAsync(
        "select id, step from instance where workflow = 1 and not undoing order by id", r => (r.GetGuid(0).ToString(), (int)r.GetInt16(1)));

    /// <summary>At which build step the deletes of these instances were accepted; instances deleted outside a build are left out.</summary>
    public Task<List<(string Instance, int Step)>> InterruptedAsync() => QueryAsync(
        "select id, interrupted_step from instance where interrupted_step is not null order by id", r => (r.GetGuid(0).ToString(), (int)r.GetInt16(1)));

    /// <summary>Rows of claims, and what providers say is promised: (0, 0) when nothing is placed.</summary>
    public async Task<(long Claims, long Promised)> PromisedAsync()
    {
        var found = await QueryAsync(
            "select (select count(*) from claim), (select coalesce(sum(promised), 0)::bigint from provider)", r => (r.GetInt64(0), r.GetInt64(1)));
        return (found.Sum(f => f.Item1), found.Sum(f => f.Item2));
    }

    /// <summary>Hosts whose memory is taken by others, for the most part.</summary>
    public async Task<int> HostsWithOthersAsync() =>
        (await QueryAsync("select id from provider where kind = 1 and outside > capacity / 2 and resource = 2", r => r.GetGuid(0))).Count;

    private async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        var found = new List<T>();
        foreach (var cell in cells)
        {
            await using var connection = new NpgsqlConnection(
                $"Host=127.0.0.1;Port={Port};Username={PrivateCluster.User};Database=cells_{cell};Pooling=false");
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
                found.Add(read(rows));
        }
        return found;
    }

    /// <summary>Fourth line of postmaster.pid (PostgreSQL manual, "Server File Locations").</summary>
    private string Port => File.ReadLines(Path.Combine(data, "postgres", "data", "postmaster.pid")).ElementAt(3);
}
