using Npgsql;

namespace Cells.Host.Bench;

/// <summary>Rows of one table as they stand, column by column, to be written again elsewhere by `unnest`.</summary>
internal sealed class CopiedRows
{
    private readonly string _table;
    private readonly IReadOnlyList<(string Name, string Type, Type Held)> _columns;
    private readonly IReadOnlyDictionary<string, string> _arrays;
    private readonly List<object[]> _rows = [];

    private CopiedRows(string table, IReadOnlyList<(string, string, Type)> columns, IReadOnlyDictionary<string, string> arrays) =>
        (_table, _columns, _arrays) = (table, columns, arrays);

    public int Count => _rows.Count;

    /// <summary>Rows of a table, but for what the database computes by itself.</summary>
    /// <param name="order">The columns to order by.</param>
    public static async Task<CopiedRows> ReadTableAsync(NpgsqlConnection from, string table, string order, int limit, CancellationToken stop)
    {
        var (columns, arrays) = (new List<string>(), new SortedDictionary<string, string>(StringComparer.Ordinal));
        await using (var command = new NpgsqlCommand("""
            select attname, format_type(atttypid, atttypmod), typcategory = 'A'
              from pg_attribute
              join pg_type on pg_type.oid = atttypid
             where attrelid = $1::regclass
               and attnum > 0
               and not attisdropped
               and attgenerated = ''
             order by attnum
            """, from) { Parameters = { new NpgsqlParameter<string> { TypedValue = table } } })
        await using (var answer = await command.ExecuteReaderAsync(stop))
        {
            while (await answer.ReadAsync(stop))
            {
                var (name, isArray) = (answer.GetString(0), answer.GetBoolean(2));
                columns.Add(isArray ? $"{name}::text as {name}" : name);
                if (isArray)
                    arrays[name] = answer.GetString(1);           // as text: unnest would take an array of arrays apart
            }
        }
        return await ReadAsync(from, table, $"select {string.Join(", ", columns)} from {table} order by {order} limit {limit}", stop, arrays);
    }

    /// <param name="select">Yields the table's columns by their names and types.</param>
    /// <param name="arrays">Columns that hold arrays and are yielded as text, with their types.</param>
    public static async Task<CopiedRows> ReadAsync(
        NpgsqlConnection from, string table, string select, CancellationToken stop, IReadOnlyDictionary<string, string>? arrays = null)
    {
        await using var command = new NpgsqlCommand(select, from);
        await using var answer = await command.ExecuteReaderAsync(stop);
        var copied = new CopiedRows(table, [.. Enumerable.Range(0, answer.FieldCount).Select(i =>
            (answer.GetName(i), answer.GetDataTypeName(i), answer.GetFieldType(i)))], arrays ?? new SortedDictionary<string, string>());
        while (await answer.ReadAsync(stop))
        {
            var row = new object[answer.FieldCount];
            answer.GetValues(row);
            copied._rows.Add(row);
        }
        return copied;
    }

    /// <summary>One statement that inserts some of the rows; its text is always the same.</summary>
    public NpgsqlBatchCommand Insert(int first, int count)
    {
        var names = string.Join(", ", _columns.Select(c => c.Name));
        var values = string.Join(", ", _columns.Select(c => _arrays.TryGetValue(c.Name, out var type) ? $"{c.Name}::{type}" : c.Name));
        var given = string.Join(", ", _columns.Select((c, i) => $"${i + 1}::{c.Type}[]"));
        var command = new NpgsqlBatchCommand($"insert into {_table} ({names}) select {values} from unnest({given}) as w ({names})");
        for (var column = 0; column < _columns.Count; column++)
            command.Parameters.Add(new NpgsqlParameter { Value = Column(column, first, count), DataTypeName = $"{_columns[column].Type}[]" });
        return command;
    }

    /// <summary>A column of some of the rows, as the array that Npgsql sends.</summary>
    public Array Column(string name, int first, int count) => Column(_columns.Select((c, i) => (c.Name, i)).Single(c => c.Name == name).i, first, count);

    private Array Column(int column, int first, int count)
    {
        var held = _columns[column].Held;
        var nullable = held.IsValueType && Enumerable.Range(first, count).Any(i => _rows[i][column] is DBNull);
        var values = Array.CreateInstance(nullable ? typeof(Nullable<>).MakeGenericType(held) : held, count);
        for (var i = 0; i < count; i++)
            values.SetValue(_rows[first + i][column] is DBNull ? null : _rows[first + i][column], i);
        return values;
    }
}
