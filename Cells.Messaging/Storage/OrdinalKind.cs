using Npgsql;

namespace Cells.Messaging.Storage;

/// <summary>
/// A guarded kind of write whose statement is a table of columns and returns the index (from 0) of every write that matched: the way where the
/// statement counts its writes anyway, for their change numbers or because one row may be named by several.
/// </summary>
/// <param name="guardedRow">Kinds on one table give equal values for one row, so that a group never holds two of them for it.</param>
/// <param name="sql">The statement, of the expression that yields the first change number (empty when the kind takes none).</param>
/// <param name="changeNumbersEach">1 for rows of the state lane, else 0.</param>
public sealed class OrdinalKind<TWrite>(
    string name, int order, Func<TWrite, object> guardedRow, int changeNumbersEach, Func<string, string> sql, params Column<TWrite>[] columns)
    : WriteKind(name, order)
    where TWrite : IWrite
{
    public override int ChangeNumbersEach => changeNumbersEach;

    public override object? GuardedRow(IWrite write) => guardedRow((TWrite)write);

    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) =>
        Column.Fill(command, sql(firstChangeNumber), columns, [.. writes.Cast<TWrite>()]);

    public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
        MissingOrdinalsAsync(answer, writes.Count, stop);
}
