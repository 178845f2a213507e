using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Spectre.Console;

namespace Cells.Host.Commands;

/// <summary>`cells tree`: the cells, what each has, and how long ago it was heard.</summary>
internal static class TreeCommand
{
    public static Command Create()
    {
        var data = CommandLine.DataOption();
        var output = CommandLine.OutputOption();
        var command = new Command("tree", "Show the tree of cells: hosts, instances, health.") { data, output };
        command.SetAction(async (parsed, stop) =>
        {
            using var cloud = await CloudClient.EnterAsync(OpenRc.Find(parsed.GetValue(data)!), stop);
            var cells = await cloud.GetAsync("cells", "/cells", stop);
            if (parsed.GetValue(output) == "json")
                Console.WriteLine(cells.ToJsonString(Pretty.Json));
            else
                AnsiConsole.Write(Draw(cells["cells"]!.AsArray()));
            return 0;
        });
        return command;
    }

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
        var hosts = (int?)cell["hosts"] ?? 0;
        var what = (string)cell["kind"]! == "compute"
            ? $"{(int?)cell["hosts_up"] ?? 0}/{hosts} hosts up, {(int?)cell["instances"] ?? 0} instances"
            : (string)cell["kind"]!;
        var silent = (bool?)cell["silent"] == true ? " [red]silent[/]" : "";
        return $"[bold]{Markup.Escape((string)cell["name"]!)}[/]  {Markup.Escape(what)}{silent}";
    }
}
