namespace Cells.Compute.XenApi;

/// <summary>
/// A filter for <c>get_all_records_where</c>: fields with exactly these values. The hosts' little language has no escapes in its literals, so a
/// value with a double quote is refused here.
/// </summary>
public sealed class XenWhere
{
    private XenWhere(string expression) => Expression = expression;

    public string Expression { get; }

    /// <param name="field">The database's spelling: <c>name__label</c> where the record says name_label.</param>
    /// <exception cref="ArgumentException">The value holds a double quote.</exception>
    public static XenWhere FieldIs(string field, string value) => value.Contains('"', StringComparison.Ordinal)
        ? throw new ArgumentException($"A filter on {field} cannot hold the double quote in '{value}': the XenAPI's filters have no escapes.", nameof(value))
        : new($"field \"{field}\"=\"{value}\"");

    public static XenWhere FieldIs<T>(string field, XenRef<T> value) => FieldIs(field, value.IsNull ? XenRef<T>.NullText : value.Value);

    public XenWhere And(XenWhere other) => new($"{Expression} and {other.Expression}");
}

internal static class XenMap
{
    public static readonly IReadOnlyDictionary<string, string> Empty = new SortedDictionary<string, string>(StringComparer.Ordinal);
}
