using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Api.Storage;

/// <summary>One array parameter of a statement over <c>unnest</c>: its name, and the value each write gives.</summary>
internal abstract class Column<TWrite> where TWrite : IWrite
{
    public abstract NpgsqlParameter Of(IReadOnlyList<IWrite> writes);
}

internal static class Column
{
    /// <summary>The statement with its arrays.</summary>
    public static void Fill<TWrite>(NpgsqlBatchCommand command, string sql, IEnumerable<Column<TWrite>> columns, IReadOnlyList<IWrite> writes)
        where TWrite : IWrite
    {
        command.CommandText = sql;
        foreach (var column in columns)
            command.Parameters.Add(column.Of(writes));
    }

    public static Column<TWrite> Text<TWrite>(string name, Func<TWrite, string?> value) where TWrite : IWrite =>
        new Typed<TWrite, string?>(name, NpgsqlDbType.Text, value);

    public static Column<TWrite> Json<TWrite>(string name, Func<TWrite, string> value) where TWrite : IWrite =>
        new Typed<TWrite, string>(name, NpgsqlDbType.Jsonb, value);

    public static Column<TWrite> Uuid<TWrite>(string name, Func<TWrite, Guid> value) where TWrite : IWrite =>
        new Typed<TWrite, Guid>(name, NpgsqlDbType.Uuid, value);

    public static Column<TWrite> Integer<TWrite>(string name, Func<TWrite, int?> value) where TWrite : IWrite =>
        new Typed<TWrite, int?>(name, NpgsqlDbType.Integer, value);

    public static Column<TWrite> Bigint<TWrite>(string name, Func<TWrite, long?> value) where TWrite : IWrite =>
        new Typed<TWrite, long?>(name, NpgsqlDbType.Bigint, value);

    public static Column<TWrite> Double<TWrite>(string name, Func<TWrite, double> value) where TWrite : IWrite =>
        new Typed<TWrite, double>(name, NpgsqlDbType.Double, value);

    public static Column<TWrite> Boolean<TWrite>(string name, Func<TWrite, bool> value) where TWrite : IWrite =>
        new Typed<TWrite, bool>(name, NpgsqlDbType.Boolean, value);

    public static Column<TWrite> Time<TWrite>(string name, Func<TWrite, DateTimeOffset?> value) where TWrite : IWrite =>
        new Typed<TWrite, DateTimeOffset?>(name, NpgsqlDbType.TimestampTz, value);

    private sealed class Typed<TWrite, TValue>(string name, NpgsqlDbType type, Func<TWrite, TValue> value) : Column<TWrite>
        where TWrite : IWrite
    {
        public override NpgsqlParameter Of(IReadOnlyList<IWrite> writes)
        {
            var values = new TValue[writes.Count];
            for (var i = 0; i < values.Length; i++)
                values[i] = value((TWrite)writes[i]);
            return new NpgsqlParameter(name, NpgsqlDbType.Array | type) { Value = values };
        }
    }
}
