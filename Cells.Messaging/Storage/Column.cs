using System.Diagnostics.CodeAnalysis;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Messaging.Storage;

/// <summary>One array parameter of a statement over <c>unnest</c>: its name, and the value each item (mostly: each write) gives.</summary>
public abstract class Column<TItem>(string name)
{
    /// <summary>The parameter's name, without the @.</summary>
    public string Name { get; } = name;

    /// <summary>The parameter holding the values of these items, in their order.</summary>
    public abstract NpgsqlParameter Of(IReadOnlyList<TItem> items);

    /// <summary>The same column, read from what each write holds.</summary>
    public Column<TWrite> Of<TWrite>(Func<TWrite, TItem> item) => new Inner<TWrite>(this, item);

    private sealed class Inner<TWrite>(Column<TItem> column, Func<TWrite, TItem> item) : Column<TWrite>(column.Name)
    {
        public override NpgsqlParameter Of(IReadOnlyList<TWrite> writes) => column.Of([.. writes.Select(item)]);
    }
}

/// <summary>Columns by the type they have in PostgreSQL.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "These are PostgreSQL's names of its types.")]
public static class Column
{
    /// <summary>Gives the command its text and its arrays.</summary>
    public static void Fill<TItem>(NpgsqlBatchCommand command, string sql, IEnumerable<Column<TItem>> columns, IReadOnlyList<TItem> items)
    {
        command.CommandText = sql;
        Add(command, columns, items);
    }

    /// <summary>Adds the arrays to a command that has its text.</summary>
    public static void Add<TItem>(NpgsqlBatchCommand command, IEnumerable<Column<TItem>> columns, IReadOnlyList<TItem> items)
    {
        foreach (var column in columns)
            command.Parameters.Add(column.Of(items));
    }

    public static Column<TItem> Text<TItem>(string name, Func<TItem, string?> value) => new Typed<TItem, string?>(name, NpgsqlDbType.Text, value);

    public static Column<TItem> Json<TItem>(string name, Func<TItem, string?> value) => new Typed<TItem, string?>(name, NpgsqlDbType.Jsonb, value);

    public static Column<TItem> Uuid<TItem>(string name, Func<TItem, Guid> value) => new Typed<TItem, Guid>(name, NpgsqlDbType.Uuid, value);

    public static Column<TItem> Uuid<TItem>(string name, Func<TItem, Guid?> value) => new Typed<TItem, Guid?>(name, NpgsqlDbType.Uuid, value);

    public static Column<TItem> Smallint<TItem>(string name, Func<TItem, short?> value) => new Typed<TItem, short?>(name, NpgsqlDbType.Smallint, value);

    public static Column<TItem> Integer<TItem>(string name, Func<TItem, int?> value) => new Typed<TItem, int?>(name, NpgsqlDbType.Integer, value);

    public static Column<TItem> Bigint<TItem>(string name, Func<TItem, long?> value) => new Typed<TItem, long?>(name, NpgsqlDbType.Bigint, value);

    public static Column<TItem> Double<TItem>(string name, Func<TItem, double> value) => new Typed<TItem, double>(name, NpgsqlDbType.Double, value);

    public static Column<TItem> Boolean<TItem>(string name, Func<TItem, bool> value) => new Typed<TItem, bool>(name, NpgsqlDbType.Boolean, value);

    public static Column<TItem> Bytes<TItem>(string name, Func<TItem, byte[]> value) => new Typed<TItem, byte[]>(name, NpgsqlDbType.Bytea, value);

    public static Column<TItem> Time<TItem>(string name, Func<TItem, DateTimeOffset?> value) =>
        new Typed<TItem, DateTime?>(name, NpgsqlDbType.TimestampTz, item => value(item)?.UtcDateTime);

    private sealed class Typed<TItem, TValue>(string name, NpgsqlDbType type, Func<TItem, TValue> value) : Column<TItem>(name)
    {
        public override NpgsqlParameter Of(IReadOnlyList<TItem> items)
        {
            var values = new TValue[items.Count];
            for (var i = 0; i < values.Length; i++)
                values[i] = value(items[i]);
            return new NpgsqlParameter(Name, NpgsqlDbType.Array | type) { Value = values };
        }
    }
}
