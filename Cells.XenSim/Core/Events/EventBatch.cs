using System.Globalization;
using System.Text.Json;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Wire;

namespace Cells.XenSim.Core.Events;

/// <summary>One answer of event.from: what changed since the token, each object once with its newest snapshot.</summary>
internal sealed class EventBatch(Database database, Subscription subscription, long since) : IWireValue
{
    public void WriteTo(Utf8JsonWriter writer)
    {
        var changed = database.ChangedSince(since).Where(o => subscription.Matches(o.Class, o.Ref)).Reverse().ToList();
        writer.WriteStartObject();
        writer.WriteStartArray("events"u8);
        foreach (var added in changed.Where(o => o.Created > since)) WriteObject(writer, "add", added);
        foreach (var modified in changed.Where(o => o.Created <= since)) WriteObject(writer, "mod", modified);
        foreach (var deleted in database.DeletedSince(since, since).Where(t => subscription.Matches(t.Class, t.Ref)))
        {
            WriteHead(writer, deleted.Generation, deleted.Class, "del", deleted.Ref);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();

        // Clients compare these counts with their own to notice a deletion they missed.
        writer.WriteStartObject("valid_ref_counts"u8);
        foreach (var definition in PublishedModel.Classes) writer.WriteNumber(definition.LowerName, database.Count(definition));
        writer.WriteEndObject();
        writer.WriteString("token"u8, new EventToken(database.Generation, 0).ToString());
        writer.WriteEndObject();
    }

    private static void WriteObject(Utf8JsonWriter writer, string operation, SimObject changed)
    {
        WriteHead(writer, changed.Changed, changed.Class, operation, changed.Ref);
        writer.WritePropertyName("snapshot"u8);
        ValueWriter.WriteRecord(writer, changed);
        writer.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter writer, long generation, ClassDef definition, string operation, string reference)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, generation.ToString(CultureInfo.InvariantCulture));
        writer.WriteString("timestamp"u8, "0.0"u8);
        writer.WriteString("class"u8, definition.LowerName);
        writer.WriteString("operation"u8, operation);
        writer.WriteString("ref"u8, reference);
    }
}
