using System.Globalization;
using System.Text.Json;

namespace Cells.Compute.XenApi;

/// <summary>
/// A value in an answer, with its place for error texts. Answers are data from outside: a wrong type is a clear error, never a crash; members
/// that are missing have their type's empty value, and members we do not know are ignored.
/// </summary>
public readonly struct XenValue(JsonElement element, string place)
{
    public JsonElement Element { get; } = element;
    public string Place { get; } = place;

    public string Text() => Element.ValueKind == JsonValueKind.String ? Element.GetString()! : throw Wrong("text");

    /// <summary>64-bit; some answers and all task results carry numbers as digits in text (XenAPI wire protocol).</summary>
    public long Whole() => Element.ValueKind switch
    {
        JsonValueKind.Number when Element.TryGetInt64(out var number) => number,
        JsonValueKind.String when long.TryParse(Element.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw Wrong("a 64-bit integer"),
    };

    public double Real() => Element.ValueKind switch
    {
        JsonValueKind.Number => Element.GetDouble(),
        JsonValueKind.String when double.TryParse(Element.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw Wrong("a number"),
    };

    public bool Bool() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    public Guid Uuid() => Guid.TryParse(Text(), out var uuid) ? uuid : throw Wrong("a uuid");

    public XenRef<T> Ref<T>() => new(Text());

    public IReadOnlyList<XenValue> List()
    {
        if (Element.ValueKind != JsonValueKind.Array)
            throw Wrong("a list");
        var items = new List<XenValue>(Element.GetArrayLength());
        foreach (var item in Element.EnumerateArray())
            items.Add(new XenValue(item, $"{Place}[{items.Count}]"));
        return items;
    }

    public IReadOnlyList<string> Texts() => [.. List().Select(v => v.Text())];

    public IReadOnlyList<XenRef<T>> Refs<T>() => [.. List().Select(v => v.Ref<T>())];

    /// <summary>Members in the order of the answer; of a name given twice the last counts, as JSON readers do.</summary>
    public IEnumerable<(string Name, XenValue Value)> Members()
    {
        if (Element.ValueKind != JsonValueKind.Object)
            throw Wrong("a record");
        var place = Place;
        return Element.EnumerateObject().Select(m => (m.Name, new XenValue(m.Value, $"{place}.{m.Name}")));
    }

    public XenValue? Member(string name) =>
        Element.ValueKind != JsonValueKind.Object ? throw Wrong("a record")
        : Element.TryGetProperty(name, out var member) ? new XenValue(member, $"{Place}.{name}")
        : null;

    public IReadOnlyDictionary<string, string> Map()
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in Members())
            map[name] = value.Text();
        return map;
    }

    public XenAnswerException Wrong(string expected) => new(Place, expected, Element.ValueKind);
}

/// <summary>An answer that is not what the XenAPI says it should be. <see cref="XapiSession"/> wraps it by what the call may have done.</summary>
public sealed class XenAnswerException : Exception
{
    public XenAnswerException(string message) : base(message) { }
    public XenAnswerException(string message, Exception cause) : base(message, cause) { }

    internal XenAnswerException(string place, string expected, JsonValueKind found)
        : base($"{place}: expected {expected}, found {(found == JsonValueKind.Undefined ? "nothing" : found.ToString().ToLowerInvariant())}") { }
}
