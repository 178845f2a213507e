using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Cells.Host.Commands.Output;
using Spectre.Console;

namespace Cells.Host.Commands.Nouns;

/// <summary>`cells cell ...`: the cells below the door, what each has, how long ago it was heard.</summary>
internal static class CellCommand
{
    private static readonly Listing Cells = new("cells", row => AdminCommand.Text(row, "name"), "No cells.",
    [
        Column.Of("CELL", "path"),
        Column.Of("KIND", "kind"),
        new("HOSTS UP", row => $"{row["hosts_up"]}/{row["hosts"]}") { Right = true },
        Column.Number("SERVERS", "instances"),
        new("FREE VCPU", row => Column.Plain(row["capacity"]?["free_vcpus"])) { Right = true, Spare = 1 },
        new("FREE MEMORY GiB", row => row["capacity"]?["free_memory_mib"] is { } free ? $"{(long)free >> 10}" : "-") { Right = true, Spare = 2 },
        Ages.Seen with { Spare = 3 },
        new("LARGEST HOLE", row => row["capacity"] is { } c ? $"{c["largest_vcpus"]} vCPU, {c["largest_memory_mib"]} MiB" : "-") { Wide = true },
    ]);

    public static Command Create() => new("cell", "The cells of the tree: hosts, servers, free capacity, health.")
    {
        AdminCommand.List("list", "List the cells, parents before children.", Cells, "/cells"),
        AdminCommand.Show("cell", "Name of the cell.", "/cells", row => AdminCommand.Text(row, "name")),
        Tree(),
        JoinTokenCommand.Create(),
    };

    /// <summary>Also the short form `cells tree`.</summary>
    public static Command Tree() => AdminCommand.Of("tree", "Show the tree of cells: hosts, servers, health.", async (asked, stop) =>
    {
        var cells = await asked.GetAsync("/cells", stop);
        if (asked.Form is OutputForm.Table or OutputForm.Wide)
            asked.Console.Write(Draw(cells["cells"]!.AsArray()));
        else
            Written.List(asked.Console, asked.Form, Cells, cells);
        return ExitCode.Done;
    });

    private static Tree Draw(JsonArray cells)
    {
        var top = cells.Single(c => c!["parent"] is null)!;
        var tree = new Tree(Label(top));
        AddChildren(tree, (string)top["name"]!, cells);
        return tree;
    }

    private static void AddChildren(IHasTreeNodes node, string parent, JsonArray cells)
    {
        foreach (var cell in cells.Where(c => (string?)c!["parent"] == parent).OrderBy(c => (string)c!["name"]!, StringComparer.Ordinal))
            AddChildren(node.AddNode(Label(cell!)), (string)cell!["name"]!, cells);
    }

    private static string Label(JsonNode cell)
    {
        var what = (string)cell["kind"]! == "compute"
            ? $"{cell["hosts_up"]}/{cell["hosts"]} hosts up, {cell["instances"]} instances"
            : (string)cell["kind"]!;
        var silent = (bool)cell["silent"]! ? $"  [red]{Markup.Escape(Ages.Seen.Text(cell))}[/]" : "";
        return $"[bold]{Markup.Escape((string)cell["name"]!)}[/]  {Markup.Escape(what)}{silent}";
    }
}
