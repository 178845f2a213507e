namespace Cells.Contracts;

/// <summary>
/// One process of a cell that several run, by a name that lasts: unique in its cell, 1 to 63 of [a-z0-9-]. Its lease, its queue and the pools that it
/// is given are called by it.
/// </summary>
public readonly record struct NodeName : IComparable<NodeName>
{
    private NodeName(string value) => Value = value;

    public string Value { get; }

    /// <exception cref="FormatException">The text is no node's name; the message says what one looks like.</exception>
    public static NodeName Parse(string text) =>
        text is { Length: >= 1 and <= 63 } && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? new NodeName(text)
            : throw new FormatException($"'{text}' is not a node's name. A name has 1 to 63 of the characters a-z, 0-9 and '-'.");

    public int CompareTo(NodeName other) => string.CompareOrdinal(Value, other.Value);
    public override string ToString() => Value ?? "";

    public static bool operator <(NodeName left, NodeName right) => left.CompareTo(right) < 0;
    public static bool operator >(NodeName left, NodeName right) => left.CompareTo(right) > 0;
    public static bool operator <=(NodeName left, NodeName right) => left.CompareTo(right) <= 0;
    public static bool operator >=(NodeName left, NodeName right) => left.CompareTo(right) >= 0;
}
