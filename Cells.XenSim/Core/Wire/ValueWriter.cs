using System.Globalization;
using System.Text.Json;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Wire;

/// <summary>A result that knows its own JSON (the event batch).</summary>
internal interface IWireValue
{
    void WriteTo(Utf8JsonWriter writer);
}

/// <summary>Field values and results to JSON by their published type.</summary>
internal static class ValueWriter
{
    public static void Write(Utf8JsonWriter writer, XapiType type, object? value)
    {
        switch (value)
        {
            case IWireValue own: own.WriteTo(writer); break;
            case SimObject record: WriteRecord(writer, record); break;
            case IEnumerable<SimObject> records: WriteRecords(writer, records); break;
            case string text when type.Kind is XapiKind.Int: writer.WriteRawValue(text); break;
            case string text: writer.WriteStringValue(text); break;
            case long number: writer.WriteNumberValue(number); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case double real: WriteReal(writer, real); break;
            case string[] set: WriteSet(writer, type, set); break;
            case StringMap map: WriteMap(writer, type, map); break;
            case null: writer.WriteStringValue(""); break;
            default: throw new InvalidOperationException($"a {value.GetType().Name} has no wire form");
        }
    }

    public static void WriteRecord(Utf8JsonWriter writer, SimObject record)
    {
        writer.WriteStartObject();
        foreach (var field in record.Class.Fields)
        {
            // An option that is none is left out of the record.
            if (field.Type.Kind is XapiKind.Option && record[field] is null) continue;
            writer.WritePropertyName(field.JsonName);
            Write(writer, field.Type, record[field]);
        }
        writer.WriteEndObject();
    }

    private static void WriteRecords(Utf8JsonWriter writer, IEnumerable<SimObject> records)
    {
        writer.WriteStartObject();
        foreach (var record in records)
        {
            writer.WritePropertyName(record.Ref);
            WriteRecord(writer, record);
        }
        writer.WriteEndObject();
    }

    // JSON has no infinity or NaN; a host writes them as text.
    private static void WriteReal(Utf8JsonWriter writer, double real)
    {
        if (double.IsFinite(real)) writer.WriteNumberValue(real);
        else writer.WriteStringValue(real.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteSet(Utf8JsonWriter writer, XapiType type, string[] set)
    {
        writer.WriteStartArray();
        foreach (var item in set) Write(writer, type.Item ?? type, item);
        writer.WriteEndArray();
    }

    private static void WriteMap(Utf8JsonWriter writer, XapiType type, StringMap map)
    {
        writer.WriteStartObject();
        foreach (var (key, item) in map)
        {
            writer.WritePropertyName(key);
            if (type.Item!.Kind is XapiKind.Float) writer.WriteRawValue(item);
            else Write(writer, type.Item, item);
        }
        writer.WriteEndObject();
    }
}
