using Npgsql;

namespace Cells.Messaging.Storage;

/// <summary>A kind of write that cannot miss, whose statement is a table of columns.</summary>
public sealed class UnguardedKind<TWrite>(string name, int order, string sql, params Column<TWrite>[] columns) : WriteKind(name, order)
    where TWrite : IWrite
{
    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) =>
        Column.Fill(command, sql, columns, [.. writes.Cast<TWrite>()]);
}
