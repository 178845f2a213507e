using Npgsql;

namespace Cells.Host.Bench;

/// <summary>Rows of one table as they stand, column by column, to be written again elsewhere by `unnest`.</summary>
internal sealed class CopiedRows
{
    private readonly string _table;
    private readonly IReadOnlyList<(string Name, string Type, Type Held)> _columns;
    private readonly List<object[]> _rows = [];

    private CopiedRows(string table, IReadOnlyList<(string, string, Type)> columns) => (_table, _columns) = (table, columns);

    public int Count => _rows.Count;

    /// <param name="select">Yields the table's columns by their names and types.</param>
    public static async Task<CopiedRows> ReadAsync(NpgsqlConnection from, string table, string select, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(select, from);
        await using var answer = await command.ExecuteReaderAsync(stop);
        var copied = new CopiedRows(table, [.. Enumerable.Range(0, answer.FieldCount).Select(i =>
            (answer.GetName(i), answer.GetDataTypeName(i), answer.GetFieldType(i)))]);
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
        var command = new NpgsqlBatchCommand($"insert into {_table} ({names}) select * from unnest({string.Join(", ", _columns.Select((c, i) => $"${i + 1}::{c.Type}[]"))})");
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
