using System.Text.Json.Nodes;
using Spectre.Console;

namespace Cells.Host.Commands.Output;

/// <summary>Writes an answer of the admin API in the form that was asked for.</summary>
internal static class Written
{
    public static void List(IAnsiConsole console, OutputForm form, Listing listing, JsonNode document)
    {
        var rows = document[listing.Key]!.AsArray().Select(row => row!).ToList();
        switch (form)
        {
            case OutputForm.Json or OutputForm.Yaml:
                Document(console, form, document);
                break;
            case OutputForm.Name:
                Lines(console, rows.Select(listing.Name));
                break;
            default:
                Table(console, form, listing, rows);
                break;
        }
    }

    /// <summary>One thing: its members by name.</summary>
    public static void One(IAnsiConsole console, OutputForm form, Func<JsonNode, string> name, JsonNode thing)
    {
        switch (form)
        {
            case OutputForm.Json or OutputForm.Yaml:
                Document(console, form, thing);
                break;
            case OutputForm.Name:
                Lines(console, [name(thing)]);
                break;
            default:
                var members = Members(thing, "").ToList();
                var width = members.Max(m => m.Name.Length);
                Lines(console, members.Select(m => $"{m.Name.PadRight(width)}  {m.Value}"));
                break;
        }
    }

    public static void Document(IAnsiConsole console, OutputForm form, JsonNode document) =>
        Lines(console, [form == OutputForm.Yaml ? Yaml.Of(document).TrimEnd() : document.ToJsonString(Pretty.Json)]);

    /// <summary>As they are: not folded, and nothing in them is read as markup.</summary>
    public static void Lines(IAnsiConsole console, IEnumerable<string> lines)
    {
        foreach (var line in lines)
            console.Profile.Out.Writer.WriteLine(line);
    }

    private static void Table(IAnsiConsole console, OutputForm form, Listing listing, List<JsonNode> rows)
    {
        if (rows.Count == 0)
        {
            Console.Error.WriteLine(listing.None);
            return;
        }
        var wide = form == OutputForm.Wide;
        var left = ListingTable.Write(console, [.. listing.Columns.Where(c => wide || !c.Wide)], rows, wide);
        if (left.Count > 0)
            Console.Error.WriteLine($"({string.Join(", ", left.Select(c => c.Title))} left out: the terminal is narrow; -o wide shows every column)");
    }

    private static IEnumerable<(string Name, string Value)> Members(JsonNode thing, string path)
    {
        foreach (var (name, value) in thing.AsObject())
        {
            if (value is JsonObject { Count: > 0 } inner)
                foreach (var member in Members(inner, $"{path}{name}."))
                    yield return member;
            else
                yield return ($"{path}{name}", Column.Plain(value));
        }
    }
}
