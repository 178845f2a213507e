using System.Text;
using System.Text.Json;
using Cells.XenSim.Core;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;
using Cells.XenSim.Core.Objects;

namespace Cells.XenSim.Fleet;

/// <summary>Brings a pool back from its journal: everything up to the last whole commit.</summary>
internal static class JournalReader
{
    // event.inject raises the generation without a change to journal; tokens given out must still lie in the past.
    private const long UncommittedTouches = 1_000_000;

    /// <summary>The pool as its hosts went on: VMs run, sessions live; what was under way is over and its tasks are cancelled.</summary>
    /// <returns>Null when the journal does not exist or holds no commit.</returns>
    /// <exception cref="InvalidDataException">A committed line makes no sense, or the hosts asked for are not those of the journal.</exception>
    public static (SimPool Pool, ulong Seed)? Read(string path, PoolShape shape, XenSimOptions options, DateTimeOffset now)
    {
        if (!File.Exists(path)) return null;
        var lines = File.ReadAllText(path, Encoding.UTF8).Split('\n');
        var last = Array.FindLastIndex(lines, lines.Length - 2, IsCommit);   // the part after the last newline is torn
        if (last < 0) return null;
        var commit = Parse(path, lines[last], last);
        var seed = commit[2].GetUInt64();
        var database = new Database(new IdSequence(seed, commit[3].GetUInt64()));
        for (var i = 0; i <= last; i++) Apply(database, Parse(path, lines[i], i), path, i);
        database.RaiseGeneration(commit[1].GetInt64() + UncommittedTouches);

        var journaled = database.All("host").Select(h => h.Text("hostname")).ToList();
        if (journaled.Except(shape.Hosts.Select(h => h.Name)).Any())
            throw new InvalidDataException($"{path} holds the hosts {string.Join(", ", journaled)}, asked for are {string.Join(", ", shape.Hosts.Select(h => h.Name))}; use another data directory or the same hosts");
        var pool = new SimPool(shape, options, seed, database, now);
        EndWhatWasUnderWay(pool);
        foreach (var host in pool.Hosts)
        {
            var domid = commit[4].GetProperty(host.Name).GetInt32();
            if (domid == PoolJournal.Off) pool.Members.Boot(host);
            else host.LastDomid = domid;
        }
        return (pool, seed);
    }

    private static bool IsCommit(string line) => line.StartsWith("[\"c\",", StringComparison.Ordinal) && line.EndsWith(']');

    private static JsonElement[] Parse(string path, string line, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return [.. document.RootElement.Clone().EnumerateArray()];
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path} line {number + 1} is damaged before the last commit: {error.Message}", error);
        }
    }

    private static void Apply(Database database, JsonElement[] line, string path, int number)
    {
        switch (line[0].GetString())
        {
            case "+":
                var definition = PublishedModel.Class(line[1].GetString()!);
                var values = definition.Fields.Select(f => f.Default).ToArray();
                foreach (var member in line[3].EnumerateObject())
                    values[definition.Field(member.Name).Index] = JournalValue.Read(definition.Field(member.Name), member.Value);
                database.Add(definition, line[2].GetString()!, values);
                break;
            case "=":
                var target = database.Get(line[1].GetString()!, line[2].GetString()!);
                var field = target.Class.Field(line[3].GetString()!);
                target.Put(field, JournalValue.Read(field, line[4]));
                break;
            case "-":
                if (database.Find(line[1].GetString()!, line[2].GetString()!) is { } gone) database.Delete(gone);
                break;
            case "d":
                if (database.Find("VDI", line[1].GetString()!) is { } vdi)
                    database.SetDisk(vdi, new DiskContent(line[2].GetInt64(), line[3].GetInt64(), line[4].GetString()!));
                break;
            case "c":
                break;
            default:
                throw new InvalidDataException($"{path} line {number + 1} begins with {line[0]}, which no version of the journal has written");
        }
    }

    /// <summary>To the hosts this was a restart of their toolstack.</summary>
    private static void EndWhatWasUnderWay(SimPool pool)
    {
        foreach (var className in new[] { "VM", "VBD", "VIF", "VDI", "SR", "host" })
        {
            foreach (var record in pool.Database.All(className).ToList())
            {
                record.Put("current_operations", StringMap.Empty);
                if (className == "VM") record.Put("scheduled_to_be_resident_on", Refs.Null);
                AllowedOperations.Refresh(pool, record);
            }
        }
        pool.Tasks.FindOwners();

        // A synchronous call's own task would have gone with the call.
        foreach (var task in pool.Database.All("task").Where(t => Core.Tasks.TaskTable.IsPending(t) && MethodTable.Instance.Find(t.Text("name_label")) is not null).ToList())
            pool.Tasks.Remove(task);
        pool.Tasks.CancelAllPending();
    }
}
