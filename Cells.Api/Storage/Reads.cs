using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Api.Storage;

/// <summary>One query, one round trip, rows to records.</summary>
internal static class Reads
{
    public static Task<IReadOnlyList<T>> ListAsync<T>(
        this ICellDatabase database, string what, string sql, IReadOnlyList<NpgsqlParameter> parameters, Func<NpgsqlDataReader, T> map, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<T>>(what, async (connection, inner) =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            foreach (var parameter in parameters)
                command.Parameters.Add(parameter.Clone());   // a stepped world may run a read again
            await using var rows = await command.ExecuteReaderAsync(inner);
            var list = new List<T>();
            while (await rows.ReadAsync(inner))
                list.Add(map(rows));
            return list;
        }, stop);

    /// <summary>The one row, or null.</summary>
    public static async Task<T?> OneAsync<T>(
        this ICellDatabase database, string what, string sql, IReadOnlyList<NpgsqlParameter> parameters, Func<NpgsqlDataReader, T> map, CancellationToken stop)
        where T : class =>
        await database.ListAsync(what, sql, parameters, map, stop) is [var row, ..] ? row : null;

    public static NpgsqlParameter Text(string name, string? value) => new(name, NpgsqlDbType.Text) { Value = (object?)value ?? DBNull.Value };
    public static NpgsqlParameter Uuid(string name, Guid? value) => new(name, NpgsqlDbType.Uuid) { Value = (object?)value ?? DBNull.Value };
    public static NpgsqlParameter Uuids(string name, IEnumerable<Guid>? values) =>
        new(name, NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = (object?)values?.ToArray() ?? DBNull.Value };
    public static NpgsqlParameter Texts(string name, IEnumerable<string>? values) =>
        new(name, NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = (object?)values?.ToArray() ?? DBNull.Value };
    public static NpgsqlParameter Integer(string name, int? value) => new(name, NpgsqlDbType.Integer) { Value = (object?)value ?? DBNull.Value };
    public static NpgsqlParameter Bigint(string name, long? value) => new(name, NpgsqlDbType.Bigint) { Value = (object?)value ?? DBNull.Value };
    public static NpgsqlParameter Boolean(string name, bool? value) => new(name, NpgsqlDbType.Boolean) { Value = (object?)value ?? DBNull.Value };
    public static NpgsqlParameter Time(string name, DateTimeOffset? value) => new(name, NpgsqlDbType.TimestampTz) { Value = (object?)value ?? DBNull.Value };

    public static string? TextOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
    public static long? BigintOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
    public static int? IntegerOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);
    public static DateTimeOffset Time(this NpgsqlDataReader row, int column) => row.GetFieldValue<DateTimeOffset>(column);
    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);
}
