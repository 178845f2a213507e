namespace Cells.XenSim.Core.DataModel;

/// <summary>The shape of a XenAPI value. Strings, enumerations, references and datetimes are all text on the wire.</summary>
internal enum XapiKind { Void, Text, Enum, Ref, DateTime, Int, Float, Bool, Set, Map, Record, Option, Other }

/// <summary>A published XenAPI type, e.g. "VM ref set" or "(string -> string) map".</summary>
/// <param name="Name">The class of a reference or record, the enumeration's name, or the type's own text.</param>
/// <param name="Item">What a set or option holds, or a map's value.</param>
/// <param name="Key">A map's key.</param>
internal sealed record XapiType(XapiKind Kind, string Name, XapiType? Item = null, XapiType? Key = null)
{
    public static XapiType Parse(string text)
    {
        if (text.EndsWith(" set", StringComparison.Ordinal)) return new(XapiKind.Set, text, Parse(text[..^4]));
        if (text.EndsWith(" option", StringComparison.Ordinal)) return new(XapiKind.Option, text, Parse(text[..^7]));
        if (text.EndsWith(" map", StringComparison.Ordinal))
        {
            var inside = text[1..^5];
            var arrow = inside.IndexOf(" -> ", StringComparison.Ordinal);
            return new(XapiKind.Map, text, Parse(inside[(arrow + 4)..]), Parse(inside[..arrow]));
        }
        if (text.EndsWith(" ref", StringComparison.Ordinal)) return new(XapiKind.Ref, text[..^4]);
        if (text.EndsWith(" record", StringComparison.Ordinal)) return new(XapiKind.Record, text[..^7]);
        if (text.StartsWith("enum ", StringComparison.Ordinal)) return new(XapiKind.Enum, text[5..]);
        return text switch
        {
            "void" => new(XapiKind.Void, text),
            "string" => new(XapiKind.Text, text),
            "int" => new(XapiKind.Int, text),
            "float" => new(XapiKind.Float, text),
            "bool" => new(XapiKind.Bool, text),
            "datetime" => new(XapiKind.DateTime, text),
            _ => new(XapiKind.Other, text),
        };
    }
}
