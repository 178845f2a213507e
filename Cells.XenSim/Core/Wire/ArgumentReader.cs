using System.Globalization;
using System.Text.Json;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Wire;

/// <summary>JSON parameters to field values, as strict and as lenient as a host is.</summary>
internal static class ArgumentReader
{
    /// <exception cref="XapiFailure">INTERNAL_ERROR for a wrong JSON type, INVALID_VALUE for an unknown enumeration value or broken text.</exception>
    public static object? Read(XapiType type, JsonElement value, string name) => type.Kind switch
    {
        XapiKind.Text or XapiKind.Ref or XapiKind.Other => Text(value, name),
        XapiKind.Enum => PublishedModel.CanonicalEnumValue(type.Name, Text(value, name)) ?? throw XapiFailure.InvalidValue(name, Text(value, name)),
        XapiKind.Int => Boxed.Int(Integer(value, name)),
        XapiKind.Float => Real(value, name),
        XapiKind.Bool => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? Boxed.Bool(value.GetBoolean()) : throw Wrong(name, "a boolean", value),
        XapiKind.DateTime => Instant(value, name),
        XapiKind.Set => Set(type, value, name),
        XapiKind.Map => Map(type, value, name),
        XapiKind.Option => value.ValueKind == JsonValueKind.Null ? null : Read(type.Item!, value, name),
        XapiKind.Record => Record(PublishedModel.Class(type.Name), value, name),
        _ => "",
    };

    private static string Text(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.String) throw Wrong(name, "a string", value);
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw XapiFailure.InvalidValue("Invalid UTF-8 string in parameter", value.GetRawText());
        }
    }

    private static long Integer(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)) return number;
        if (value.ValueKind == JsonValueKind.String && long.TryParse(Text(value, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)) return number;
        throw Wrong(name, "an integer", value);
    }

    private static double Real(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Number) return value.GetDouble();
        if (value.ValueKind == JsonValueKind.String && double.TryParse(Text(value, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return number;
        throw Wrong(name, "a float", value);
    }

    private static string Instant(JsonElement value, string name) =>
        XapiTime.TryRead(Text(value, name), out var instant) ? XapiTime.Of(instant) : throw Wrong(name, "a datetime", value);

    private static string[] Set(XapiType type, JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(name, "an array", value);
        var items = new List<string>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray())
        {
            var text = InText(Read(type.Item!, item, name));
            if (!items.Contains(text)) items.Add(text);
        }
        return [.. items];
    }

    private static StringMap Map(XapiType type, JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Wrong(name, "an object", value);
        return StringMap.From(value.EnumerateObject().Select(p => KeyValuePair.Create(
            type.Key!.Kind == XapiKind.Enum ? PublishedModel.CanonicalEnumValue(type.Key.Name, p.Name) ?? throw XapiFailure.InvalidValue(name, p.Name) : p.Name,
            InText(Read(type.Item!, p.Value, name)))));
    }

    private static RecordArg Record(ClassDef definition, JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Wrong(name, "an object", value);
        var values = new object?[definition.Fields.Count];
        var given = new bool[definition.Fields.Count];
        foreach (var member in value.EnumerateObject())
        {
            if (definition.FindField(member.Name) is not { Access: not FieldAccess.ReadOnly } field) continue;
            values[field.Index] = Read(field.Type, member.Value, field.Name);
            given[field.Index] = true;
        }
        return new RecordArg(definition, values, given);
    }

    private static string InText(object? value) => value switch
    {
        bool b => b ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value as string ?? "",
    };

    private static XapiFailure Wrong(string name, string expected, JsonElement value) =>
        XapiFailure.Internal($"Rpc unmarshalling: parameter {name} must be {expected}, not {value.ValueKind}");
}
