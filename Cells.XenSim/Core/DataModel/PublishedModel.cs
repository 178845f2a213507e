using System.Collections.Frozen;
using System.Globalization;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.DataModel;

/// <summary>The published data model of the served classes, read once from the table xenapi.txt beside this file.</summary>
internal static class PublishedModel
{
    private static readonly (IReadOnlyList<ClassDef> Classes, FrozenDictionary<string, IReadOnlyList<string>> Enums) Loaded = Load();
    private static readonly FrozenDictionary<string, ClassDef> ByName = Loaded.Classes.ToFrozenDictionary(c => c.Name, StringComparer.Ordinal);
    private static readonly FrozenDictionary<string, ClassDef> ByLowerName = Loaded.Classes.ToFrozenDictionary(c => c.LowerName, StringComparer.Ordinal);

    public static IReadOnlyList<ClassDef> Classes => Loaded.Classes;

    public static ClassDef Class(string name) => ByName[name];

    /// <summary>Finds a class whatever the case of its name, as event.from allows.</summary>
    public static ClassDef? FindClassIgnoringCase(string name) => ByLowerName.GetValueOrDefault(name.ToLowerInvariant());

    /// <summary>The enumeration's own spelling of a value given in any case, or null when it has no such value.</summary>
    public static string? CanonicalEnumValue(string enumeration, string value)
    {
        if (!Loaded.Enums.TryGetValue(enumeration, out var values)) return value;
        foreach (var known in values)
            if (string.Equals(known, value, StringComparison.OrdinalIgnoreCase)) return known;
        return null;
    }

    private static (IReadOnlyList<ClassDef>, FrozenDictionary<string, IReadOnlyList<string>>) Load()
    {
        var classes = new List<ClassDef>();
        var enums = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var lines = ReadTable();

        // Enumerations stand last, and a field's neutral value needs them: two passes.
        foreach (var line in lines.Where(l => l.StartsWith("e ", StringComparison.Ordinal)))
        {
            var parts = line[2..].Split('|');
            enums.Add(parts[0], parts[1..]);
        }
        foreach (var line in lines)
        {
            if (line.Length < 2 || line[0] is '#' or 'e') continue;
            var parts = line[2..].Split('|');
            switch (line[0])
            {
                case 'c':
                    classes.Add(new ClassDef(classes.Count, parts[0], State(parts[1]), parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries)));
                    break;
                case 'f':
                    classes[^1].Add(Field(classes[^1].Fields.Count, parts, enums));
                    break;
                case 'm':
                    classes[^1].Messages.Add(Message(parts, enums));
                    break;
                default:
                    throw new InvalidDataException($"xenapi.txt: a line begins with '{line[0]}'; known are c, f, m, e and #");
            }
        }
        return (classes, enums.ToFrozenDictionary(StringComparer.Ordinal));
    }

    private static string[] ReadTable()
    {
        using var stream = typeof(PublishedModel).Assembly.GetManifestResourceStream("xenapi.txt")
            ?? throw new InvalidDataException("the embedded table xenapi.txt is missing from the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static FieldDef Field(int index, string[] parts, Dictionary<string, IReadOnlyList<string>> enums)
    {
        var type = XapiType.Parse(parts[1]);
        var access = parts[2] switch { "RW" => FieldAccess.ReadWrite, "StaticRO" => FieldAccess.Static, _ => FieldAccess.ReadOnly };
        var mandatory = parts[3] == "-";
        return new FieldDef(index, parts[0], type, access, mandatory ? Neutral(type, enums) : DefaultOf(type, parts[3]), mandatory, State(parts[4]));
    }

    private static MessageDef Message(string[] parts, Dictionary<string, IReadOnlyList<string>> enums)
    {
        var takesSession = parts[0][0] != '!';
        var parameters = parts.Skip(4).Select(p =>
        {
            var colon = p.IndexOf(':', StringComparison.Ordinal);
            var equals = p.IndexOf('=', StringComparison.Ordinal);
            var type = XapiType.Parse(equals < 0 ? p[(colon + 1)..] : p[(colon + 1)..equals]);
            return new ParamDef(p[..colon], type, equals >= 0, equals < 0 ? Neutral(type, enums) : DefaultOf(type, p[(equals + 1)..]));
        });
        return new MessageDef(takesSession ? parts[0] : parts[0][1..], XapiType.Parse(parts[1]), takesSession, parts[2] == "async", State(parts[3]), [.. parameters]);
    }

    private static Lifecycle State(string letter) => letter switch
    {
        "p" => Lifecycle.Published,
        "t" => Lifecycle.Prototype,
        "d" => Lifecycle.Deprecated,
        "r" => Lifecycle.Removed,
        _ => throw new InvalidDataException($"xenapi.txt: unknown state '{letter}'"),
    };

    /// <summary>What a field holds before anything is known of it.</summary>
    private static object? Neutral(XapiType type, Dictionary<string, IReadOnlyList<string>> enums) => type.Kind switch
    {
        XapiKind.Int => Boxed.Int(0),
        XapiKind.Float => 0.0,
        XapiKind.Bool => Boxed.False,
        XapiKind.Ref => Refs.Null,
        XapiKind.DateTime => XapiTime.Never,
        XapiKind.Enum => enums.TryGetValue(type.Name, out var values) ? values[0] : "",
        XapiKind.Set => Array.Empty<string>(),
        XapiKind.Map => StringMap.Empty,
        XapiKind.Option or XapiKind.Record => null,
        _ => "",
    };

    private static object? DefaultOf(XapiType type, string text) => type.Kind switch
    {
        XapiKind.Int => Boxed.Int(long.Parse(text, CultureInfo.InvariantCulture)),
        XapiKind.Float => double.Parse(text.TrimEnd('.'), CultureInfo.InvariantCulture),
        XapiKind.Bool => Boxed.Bool(string.Equals(text, "true", StringComparison.OrdinalIgnoreCase)),
        XapiKind.Ref => Refs.Null,
        XapiKind.Set => text is "{}" or "[]" ? Array.Empty<string>() : text.Trim('{', '}').Split(", "),
        XapiKind.Map => MapOf(text),
        XapiKind.Option => null,
        _ => text.Trim('"'),
    };

    private static StringMap MapOf(string text)
    {
        var map = StringMap.Empty;
        foreach (var pair in text.Trim('{', '}').Split(", ", StringSplitOptions.RemoveEmptyEntries))
        {
            var sides = pair.Split(" -> ");
            map = map.With(sides[0].Trim('"'), sides[1].Trim('"'));
        }
        return map;
    }
}
