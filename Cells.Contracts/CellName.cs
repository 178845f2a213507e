using System.Text.Json.Serialization;
using Cells.Contracts.Wire;

namespace Cells.Contracts;

/// <summary>
/// A cell's name: unique in the tree, 1 to 63 of [a-z0-9-], beginning with a letter, and never a '.'.
/// Names route; a path (names joined by '.') is for people.
/// </summary>
[JsonConverter(typeof(CellNameConverter))]
public readonly record struct CellName : IComparable<CellName>
{
    private CellName(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse(string? text, out CellName name)
    {
        var valid = text is { Length: >= 1 and <= 63 }
            && char.IsAsciiLetterLower(text[0])
            && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
        name = valid ? new CellName(text!) : default;
        return valid;
    }

    /// <exception cref="FormatException">The text is no cell name; the message says what one looks like.</exception>
    public static CellName Parse(string text) => TryParse(text, out var name)
        ? name
        : throw new FormatException(
            $"'{text}' is not a cell name. A name has 1 to 63 of the characters a-z, 0-9 and '-', and begins with a letter.");

    public int CompareTo(CellName other) => string.CompareOrdinal(Value, other.Value);
    public override string ToString() => Value ?? "";

    public static bool operator <(CellName left, CellName right) => left.CompareTo(right) < 0;
    public static bool operator >(CellName left, CellName right) => left.CompareTo(right) > 0;
    public static bool operator <=(CellName left, CellName right) => left.CompareTo(right) <= 0;
    public static bool operator >=(CellName left, CellName right) => left.CompareTo(right) >= 0;
}
