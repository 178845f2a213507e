using Npgsql;
using NpgsqlTypes;

namespace Cells.Api.Storage;

/// <summary>One key of an order: an expression that is never null, and its type.</summary>
/// <param name="Expression">SQL of the store itself, never of a request.</param>
internal sealed record SortKey(string Expression, NpgsqlDbType Type, bool Ascending);

/// <summary>A list's order, and the condition for what comes after its marker.</summary>
/// <param name="Keys">The last one is unique, so that the order is total.</param>
internal sealed record Keyset(IReadOnlyList<SortKey> Keys)
{
    public string OrderBy => string.Join(", ", Keys.Select(key => $"{key.Expression} {(key.Ascending ? "asc" : "desc")}"));

    /// <summary>What the marker's row has to be asked for, to be given to <see cref="After"/>.</summary>
    public string Select => string.Join(", ", Keys.Select(key => key.Expression));

    /// <param name="marker">The marker's values; null for the first page.</param>
    public (string Condition, IReadOnlyList<NpgsqlParameter> Parameters) After(IReadOnlyList<object>? marker)
    {
        if (marker is null)
            return ("true", []);
        var parameters = Keys.Select((key, i) => new NpgsqlParameter($"marker{i}", key.Type) { Value = marker[i] }).ToList();
        // All in one direction: a row comparison, which an index on the keys answers from its place in the order.
        if (Keys.All(key => key.Ascending == Keys[0].Ascending))
            return ($"({Select}) {(Keys[0].Ascending ? '>' : '<')} ({string.Join(", ", Keys.Select((_, i) => $"@marker{i}"))})", parameters);
        var ways = Keys.Select((key, i) => string.Join(" and ", Keys.Take(i).Select((same, j) => $"{same.Expression} = @marker{j}")
            .Append($"{key.Expression} {(key.Ascending ? '>' : '<')} @marker{i}")));
        return ($"(({string.Join(") or (", ways)}))", parameters);
    }

    public static IReadOnlyList<object> MarkerOf(NpgsqlDataReader row) => [.. Enumerable.Range(0, row.FieldCount).Select(row.GetValue)];
}
