using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Messaging.Links;

/// <summary>A kind of unguarded write over link rows: one statement, one array parameter per column.</summary>
internal sealed class UnnestWrites<TWrite>(string name, int order, string sql, params UnnestWrites<TWrite>.Column[] columns) : WriteKind(name, order)
    where TWrite : IWrite
{
    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
    {
        command.CommandText = sql;
        foreach (var column in columns)
            command.Parameters.Add(new NpgsqlParameter(column.Name, NpgsqlDbType.Array | column.Type) { Value = column.Values([.. writes.Cast<TWrite>()]) });
    }

    public static Column Text(string name, Func<TWrite, string?> value) => new(name, NpgsqlDbType.Text, writes => writes.Select(value).ToArray());

    public static Column Number(string name, Func<TWrite, long> value) => new(name, NpgsqlDbType.Bigint, writes => writes.Select(value).ToArray());

    public static Column Bytes(string name, Func<TWrite, byte[]> value) => new(name, NpgsqlDbType.Bytea, writes => writes.Select(value).ToArray());

    public static Column Instant(string name, Func<TWrite, DateTimeOffset> value) =>
        new(name, NpgsqlDbType.TimestampTz, writes => writes.Select(w => value(w).UtcDateTime).ToArray());

    internal sealed record Column(string Name, NpgsqlDbType Type, Func<IReadOnlyList<TWrite>, object> Values);
}
