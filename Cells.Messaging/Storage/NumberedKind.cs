using Npgsql;

namespace Cells.Messaging.Storage;

/// <summary>A kind of write that cannot miss, whose rows are replicated: a table of columns, and a change number for each write.</summary>
/// <param name="sql">The statement, of the expression that yields the first change number.</param>
public sealed class NumberedKind<TWrite>(string name, int order, Func<string, string> sql, params Column<TWrite>[] columns) : WriteKind(name, order)
    where TWrite : IWrite
{
    public override int ChangeNumbersEach => 1;

    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) =>
        Column.Fill(command, sql(firstChangeNumber), columns, [.. writes.Cast<TWrite>()]);
}
