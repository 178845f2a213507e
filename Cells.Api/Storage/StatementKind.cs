using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Storage;

/// <summary>A kind of write whose statement is a table of columns. With a guarded row, whoever is not returned by the statement missed.</summary>
/// <param name="guardedRow">Kinds on one table give equal values for one row, so that a group never holds two of them for it.</param>
/// <param name="returns">What the statement's one returned column holds for a write that matched; null when nothing can miss.</param>
internal sealed class StatementKind<TWrite>(
    string name, int order, string sql, Func<TWrite, object>? guardedRow, Func<TWrite, object>? returns, params Column<TWrite>[] columns)
    : WriteKind(name, order)
    where TWrite : IWrite
{
    public override object? GuardedRow(IWrite write) => guardedRow?.Invoke((TWrite)write);

    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
    {
        command.CommandText = sql;
        foreach (var column in columns)
            command.Parameters.Add(column.Of(writes));
    }

    public override async Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop)
    {
        if (returns is null)
            return [];
        var matched = new HashSet<object>(writes.Count);
        while (await answer.ReadAsync(stop))
            matched.Add(answer.GetValue(0));
        return [.. Enumerable.Range(0, writes.Count).Where(i => !matched.Contains(returns((TWrite)writes[i])))];
    }
}
