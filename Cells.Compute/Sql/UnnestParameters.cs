using Npgsql;
using NpgsqlTypes;

namespace Cells.Compute.Sql;

/// <summary>Array parameters for <c>unnest</c>: one column of all writes of a kind.</summary>
internal static class UnnestParameters
{
    public static void AddColumn<TWrite, T>(
        this NpgsqlBatchCommand command, string name, NpgsqlDbType type, IReadOnlyList<TWrite> writes, Func<TWrite, T> value)
    {
        var column = new T[writes.Count];
        for (var i = 0; i < column.Length; i++)
            column[i] = value(writes[i]);
        command.Parameters.Add(new NpgsqlParameter(name, NpgsqlDbType.Array | type) { Value = column });
    }
}
