using Npgsql;

namespace Cells.Messaging.Storage;

/// <summary>A guarded kind of write whose statement is a table of columns and returns one key per row: whoever is not returned missed.</summary>
/// <param name="guardedRow">Kinds on one table give equal values for one row, so that a group never holds two of them for it.</param>
/// <param name="returns">What the statement's one returned column holds for a write that matched.</param>
public sealed class StatementKind<TWrite>(
    string name, int order, string sql, Func<TWrite, object> guardedRow, Func<TWrite, object> returns, params Column<TWrite>[] columns)
    : WriteKind(name, order)
    where TWrite : IWrite
{
    public override object? GuardedRow(IWrite write) => guardedRow((TWrite)write);

    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) =>
        Column.Fill(command, sql, columns, [.. writes.Cast<TWrite>()]);

    public override async Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop)
    {
        var matched = new HashSet<object>(writes.Count);
        while (await answer.ReadAsync(stop))
            matched.Add(answer.GetValue(0));
        return [.. Enumerable.Range(0, writes.Count).Where(i => !matched.Contains(returns((TWrite)writes[i])))];
    }
}
