using System.Text.Json;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Fleet;

/// <summary>Field values in the journal: like on the wire, but sets and maps always hold text and null stays null.</summary>
internal static class JournalValue
{
    public static void Write(Utf8JsonWriter writer, FieldDef field, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case string text: writer.WriteStringValue(text); break;
            case long number: writer.WriteNumberValue(number); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case double real: writer.WriteNumberValue(real); break;
            case string[] set:
                writer.WriteStartArray();
                foreach (var item in set) writer.WriteStringValue(item);
                writer.WriteEndArray();
                break;
            case StringMap map:
                writer.WriteStartObject();
                foreach (var (key, item) in map) writer.WriteString(key, item);
                writer.WriteEndObject();
                break;
            default: throw new InvalidOperationException($"field {field.Name} holds a {value.GetType().Name}, which the journal cannot keep");
        }
    }

    public static object? Read(FieldDef field, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True or JsonValueKind.False => Boxed.Bool(value.GetBoolean()),
        JsonValueKind.Number when field.Type.Kind == XapiKind.Float => value.GetDouble(),
        JsonValueKind.Number => Boxed.Int(value.GetInt64()),
        JsonValueKind.Array => value.EnumerateArray().Select(v => v.GetString()!).ToArray(),
        _ => StringMap.From(value.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, p.Value.GetString()!))),
    };
}
