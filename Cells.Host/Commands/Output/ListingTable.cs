using System.Text.Json.Nodes;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cells.Host.Commands.Output;

/// <summary>A list in columns, without lines around them; nothing is wrapped, so that every row is one line.</summary>
internal static class ListingTable
{
    private const int Gap = 2;

    /// <summary>The columns that fit, in their order: of those that may be spared the highest goes first.</summary>
    /// <param name="widths">What each column needs.</param>
    public static IReadOnlyList<Column> Fit(IReadOnlyList<Column> columns, IReadOnlyList<int> widths, int room)
    {
        var kept = columns.Zip(widths).ToList();
        while (kept.Sum(c => c.Second + Gap) - Gap > room && kept.Any(c => c.First.Spare > 0))
            kept.RemoveAt(kept.FindLastIndex(c => c.First.Spare == kept.Max(k => k.First.Spare)));
        return [.. kept.Select(c => c.First)];
    }

    /// <returns>The columns that were left out because the console is too narrow for them.</returns>
    public static IReadOnlyList<Column> Write(IAnsiConsole console, IReadOnlyList<Column> columns, IReadOnlyList<JsonNode> rows, bool everything)
    {
        var cells = rows.Select(row => columns.Select(c => c.Text(row)).ToList()).ToList();
        var widths = columns.Select((c, i) => cells.Select(r => r[i].Length).Append(c.Title.Length).Max()).ToList();
        var kept = everything ? columns : Fit(columns, widths, console.Profile.Width);
        var shown = Enumerable.Range(0, columns.Count).Where(i => kept.Contains(columns[i])).ToList();

        var table = new Table().Border(TableBorder.None);
        foreach (var i in shown)
        {
            var isLast = i == shown[^1];
            table.AddColumn(new TableColumn(new Text(columns[i].Title, new Style(decoration: Decoration.Bold)))
            {
                NoWrap = true,
                Padding = new Padding(0, 0, isLast ? 0 : Gap, 0),
                Alignment = columns[i].Right ? Justify.Right : Justify.Left,
            });
        }
        foreach (var row in cells)
            table.AddRow(shown.Select(i => (IRenderable)new Text(row[i])));
        WriteWhole(console, table, shown.Sum(i => widths[i] + Gap));
        return [.. columns.Except(kept)];
    }

    /// <summary>What still does not fit the terminal folds, not us: a row stays a line.</summary>
    private static void WriteWhole(IAnsiConsole console, Table table, int width)
    {
        var room = console.Profile.Width;
        console.Profile.Width = Math.Max(room, width);
        console.Write(table);
        console.Profile.Width = room;
    }
}
