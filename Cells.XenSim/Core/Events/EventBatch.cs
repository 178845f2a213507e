using System.Globalization;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Wire;

namespace Cells.XenSim.Core.Events;

/// <summary>One answer of event.from: what changed since the token, each object once with its newest snapshot.</summary>
internal sealed class EventBatch(Database database, Subscription subscription, long since) : IWireValue
{
    public void WriteTo(WireWriter writer)
    {
        var changed = database.ChangedSince(since).Where(o => subscription.Matches(o.Class, o.Ref)).Reverse().ToList();
        writer.BeginStruct();
        writer.Member("events");
        writer.BeginArray();
        foreach (var added in changed.Where(o => o.Created > since)) WriteObject(writer, "add", added);
        foreach (var modified in changed.Where(o => o.Created <= since)) WriteObject(writer, "mod", modified);
        foreach (var deleted in database.DeletedSince(since, since).Where(t => subscription.Matches(t.Class, t.Ref)))
        {
            WriteHead(writer, deleted.Generation, deleted.Class, "del", deleted.Ref);
            writer.EndStruct();
        }
        writer.EndArray();

        // Clients compare these counts with their own to notice a deletion they missed.
        writer.Member("valid_ref_counts");
        writer.BeginStruct();
        foreach (var definition in PublishedModel.Classes)
        {
            writer.Member(definition.LowerName);
            writer.Count(database.Count(definition));
        }
        writer.EndStruct();
        Text(writer, "token", new EventToken(database.Generation, 0).ToString());
        writer.EndStruct();
    }

    private static void WriteObject(WireWriter writer, string operation, SimObject changed)
    {
        WriteHead(writer, changed.Changed, changed.Class, operation, changed.Ref);
        writer.Member("snapshot");
        ValueWriter.WriteRecord(writer, changed);
        writer.EndStruct();
    }

    private static void WriteHead(WireWriter writer, long generation, ClassDef definition, string operation, string reference)
    {
        writer.BeginStruct();
        Text(writer, "id", generation.ToString(CultureInfo.InvariantCulture));
        Text(writer, "timestamp", "0.0");
        Text(writer, "class", definition.LowerName);
        Text(writer, "operation", operation);
        Text(writer, "ref", reference);
    }

    private static void Text(WireWriter writer, string member, string text)
    {
        writer.Member(member);
        writer.Text(text);
    }
}
