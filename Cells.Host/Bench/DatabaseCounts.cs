using Npgsql;

namespace Cells.Host.Bench;

/// <summary>What PostgreSQL itself counts of some databases: rows written by table, transactions committed, groups of the committers.</summary>
internal sealed record DatabaseCounts(IReadOnlyDictionary<string, long> RowsByTable, long Transactions, long Groups)
{
    // A session reports what it did at the latest 10 s after it fell idle (PostgreSQL 15, pgstat.c: PGSTAT_IDLE_INTERVAL).
    private static readonly TimeSpan ReportedWithin = TimeSpan.FromSeconds(11);

    public long Rows => RowsByTable.Values.Sum();

    public static async Task<DatabaseCounts> ReadAsync(IReadOnlyList<string> databases, TimeProvider time, CancellationToken stop)
    {
        await Task.Delay(ReportedWithin, time, stop);
        var rows = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var (transactions, groups) = (0L, 0L);
        foreach (var database in databases)
        {
            await using var source = NpgsqlDataSource.Create(database);
            await using var connection = await source.OpenConnectionAsync(stop);
            await using var command = new NpgsqlCommand("""
                select current_database() || '.' || relname, n_tup_ins + n_tup_upd + n_tup_del
                  from pg_stat_user_tables;
                select xact_commit, (select sum(number)::bigint from commit_group)
                  from pg_stat_database
                 where datname = current_database()
                """, connection);
            await using var answer = await command.ExecuteReaderAsync(stop);
            while (await answer.ReadAsync(stop))
                rows[answer.GetString(0)] = answer.GetInt64(1);
            await answer.NextResultAsync(stop);
            await answer.ReadAsync(stop);
            transactions += answer.GetInt64(0);
            groups += answer.GetInt64(1);
        }
        return new DatabaseCounts(rows, transactions, groups);
    }

    public DatabaseCounts Since(DatabaseCounts before) => new(
        RowsByTable.ToDictionary(t => t.Key, t => t.Value - before.RowsByTable.GetValueOrDefault(t.Key)),
        Transactions - before.Transactions, Groups - before.Groups);

    /// <summary>Rows per placement of each table that was written.</summary>
    public SortedDictionary<string, double> PerTable(int placements) => new(
        RowsByTable.Where(t => t.Value > 0).ToDictionary(t => t.Key, t => Math.Round((double)t.Value / placements, 3)), StringComparer.Ordinal);
}
