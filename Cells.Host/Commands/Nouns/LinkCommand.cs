using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Cells.Host.Commands.Output;

namespace Cells.Host.Commands.Nouns;

/// <summary>`cells link ...`: the links of the door's own cell, and the work of any cell that could not be handled.</summary>
internal static class LinkCommand
{
    private static readonly Listing Links = new("links", row => AdminCommand.Text(row, "neighbour"), "No links.",
    [
        Column.Of("NEIGHBOUR", "neighbour"),
        Column.Of("KIND", "kind"),
        Column.Of("HEALTH", "health"),
        new("HEARD", row => row["heard_seconds_ago"] is { } age ? Ages.Of((double)age) : "never"),
        Column.Number("BACKLOG", "outbox_backlog") with { Spare = 1 },
        Column.Number("LAG", "state_lag") with { Spare = 2 },
        Column.Number("PARKED", "parked") with { Spare = 3 },
        Column.Of("PROBLEM", "problem") with { Spare = 4 },
        Column.Number("REFUSED", "refused") with { Wide = true },
        Column.Number("WORK OUT", "work_out_watermark") with { Wide = true },
        Column.Number("WORK IN", "work_in_watermark") with { Wide = true },
        Column.Number("STATE OUT", "state_out_watermark") with { Wide = true },
        Column.Number("STATE IN", "state_in_watermark") with { Wide = true },
    ]);

    private static readonly Listing Parked = new("parked_messages", row => $"{row["link"]} {row["incarnation"]} {row["number"]}", "No parked messages.",
    [
        Column.Of("CELL", "cell"),
        Column.Of("LINK", "link"),
        Column.Of("INCARNATION", "incarnation"),
        Column.Number("NUMBER", "number"),
        Column.Of("KEY", "key"),
        Column.Of("MESSAGE", "name") with { Spare = 1 },
        Column.Of("REASON", "reason") with { Spare = 3 },
        Column.Of("PARKED", "parked_at") with { Spare = 2 },
    ]);

    public static Command Create() => new("link", "The links to neighbour cells: health, lag, parked messages.")
    {
        AdminCommand.List("list", "List the links of the door's own cell.", Links, "/links"),
        AdminCommand.Show("link", "Name of the neighbour.", "/links", row => AdminCommand.Text(row, "neighbour")),
        new Command("parked", "Work that could not be handled, with every later message of its key.")
        {
            AdminCommand.List("list", "List the parked messages of a cell, the oldest of each key first.", Parked, "/parked-messages", Cell()),
            Retry(),
            Drop(),
        },
    };

    private static Command Retry()
    {
        var (cell, link, key) = (Cell(), Neighbour(), new Argument<string>("key") { Description = "Their key, as the list shows it." });
        return AdminCommand.Of("retry", "Give the parked messages of a key to the cell again, oldest first.", async (asked, stop) =>
        {
            var (neighbour, which) = (asked.Words.GetValue(link)!, asked.Words.GetValue(key)!);
            await asked.SendAsync(HttpMethod.Post, "cells", $"/parked-messages/{Uri.EscapeDataString(neighbour)}/retry{Of(asked, cell)}", new JsonObject { ["key"] = which }, stop);
            Console.Error.WriteLine($"messages of {which} from {neighbour} are given again; `cells link parked list` shows what is left");
            return ExitCode.Done;
        }, cell, link, key);
    }

    private static Command Drop()
    {
        var (cell, link) = (Cell(), Neighbour());
        var incarnation = new Argument<long>("incarnation") { Description = "As the list shows it." };
        var number = new Argument<long>("number") { Description = "As the list shows it." };
        return AdminCommand.Of("drop", "Forget one parked message for good.", async (asked, stop) =>
        {
            var which = $"{Uri.EscapeDataString(asked.Words.GetValue(link)!)}/{asked.Words.GetValue(incarnation)}/{asked.Words.GetValue(number)}";
            await asked.SendAsync(HttpMethod.Delete, "cells", $"/parked-messages/{which}{Of(asked, cell)}", null, stop);
            Console.Error.WriteLine($"message {which} is forgotten");
            return ExitCode.Done;
        }, cell, link, incarnation, number);
    }

    private static Option<string?> Cell() => new("--cell") { Description = "The cell whose links they are; without it the door's own." };

    private static string Of(Asked asked, Option<string?> cell) => asked.Text(cell) is { } name ? $"?cell={Uri.EscapeDataString(name)}" : "";

    private static Argument<string> Neighbour() => new("link") { Description = "Name of the neighbour." };
}
