using Cells.Messaging.Storage.PrivateClusters;
using Npgsql;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>Reads the databases of a tree's compute cells, beside them: also while no `up` runs, for PostgreSQL outlives a kill -9.</summary>
internal sealed class CellTables(string data, params string[] cells)
{
    /// <summary>Builds under way, each with the index of its step.</summary>
    public Task<List<(string Instance, int Step)>> BuildsAsync() => QueryAsync(
        "select id, step from instance where workflow = 1 and not undoing order by id", r => (r.GetGuid(0).ToString(), (int)r.GetInt16(1)));

    /// <summary>
    /// Whether an instance's cell has accepted its delete, and which step of the build it interrupted; null when there was none, or the delete has
    /// ended and forgotten it.
    /// </summary>
    public async Task<(bool IsAccepted, int? InterruptedStep)> DeleteOfAsync(string instance) => (await QueryAsync(
        $"select interrupted_step from instance where delete_intent > 0 and id = '{Guid.Parse(instance)}'",
        r => (true, r.IsDBNull(0) ? (int?)null : r.GetInt16(0)))).SingleOrDefault();

    /// <summary>Rows of claims, and what providers say is promised: (0, 0) when nothing is placed.</summary>
    public async Task<(long Claims, long Promised)> PromisedAsync()
    {
        var found = await QueryAsync(
            "select (select count(*) from claim), (select coalesce(sum(promised), 0)::bigint from provider)", r => (r.GetInt64(0), r.GetInt64(1)));
        return (found.Sum(f => f.Item1), found.Sum(f => f.Item2));
    }

    private async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        var found = new List<T>();
        foreach (var cell in cells)
        {
            await using var connection = new NpgsqlConnection(
                $"Host=127.0.0.1;Port={Port};Username={PrivateCluster.User};Database=cells_{cell}");
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
