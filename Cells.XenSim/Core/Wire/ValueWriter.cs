using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Core.Wire;

/// <summary>A result that knows its own shape (the event batch).</summary>
internal interface IWireValue
{
    void WriteTo(WireWriter writer);
}

/// <summary>Field values and results by their published type.</summary>
internal static class ValueWriter
{
    public static void Write(WireWriter writer, XapiType type, object? value)
    {
        switch (value)
        {
            case IWireValue own: own.WriteTo(writer); break;
            case SimObject record: WriteRecord(writer, record); break;
            case IEnumerable<SimObject> records: WriteRecords(writer, records); break;
            case string text when type.Kind is XapiKind.Int or XapiKind.Float: writer.Number(type, text); break;
            case string text when type.Kind is XapiKind.DateTime: writer.Instant(text); break;
            case string text: writer.Text(text); break;
            case long number: writer.Int(number); break;
            case bool flag: writer.Flag(flag); break;
            case double real: writer.Real(real); break;
            case string[] set: WriteSet(writer, type, set); break;
            case StringMap map: WriteMap(writer, type, map); break;
            case null: writer.Text(""); break;
            default: throw new InvalidOperationException($"a {value.GetType().Name} has no wire form");
        }
    }

    public static void WriteRecord(WireWriter writer, SimObject record)
    {
        writer.BeginStruct();
        foreach (var field in record.Class.Fields)
        {
            // An option that is none is left out of the record.
            if (field.Type.Kind is XapiKind.Option && record[field] is null) continue;
            writer.Member(field);
            Write(writer, field.Type, record[field]);
        }
        writer.EndStruct();
    }

    private static void WriteRecords(WireWriter writer, IEnumerable<SimObject> records)
    {
        writer.BeginStruct();
        foreach (var record in records)
        {
            writer.Member(record.Ref);
            WriteRecord(writer, record);
        }
        writer.EndStruct();
    }

    private static void WriteSet(WireWriter writer, XapiType type, string[] set)
    {
        writer.BeginArray();
        foreach (var item in set) Write(writer, type.Item ?? type, item);
        writer.EndArray();
    }

    private static void WriteMap(WireWriter writer, XapiType type, StringMap map)
    {
        writer.BeginStruct();
        foreach (var (key, item) in map)
        {
            writer.Member(key);
            Write(writer, type.Item!, item);
        }
        writer.EndStruct();
    }
}
