using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Cells.Host.Commands.Output;

namespace Cells.Host.Commands.Nouns;

/// <summary>`cells server events`: what was asked of a server, by whom, and how each ended (Nova API, os-instance-actions).</summary>
internal static class ServerEvents
{
    private static readonly Listing Log = new("events", row => AdminCommand.Text(row, "request_id"), "Nothing was asked of it.",
    [
        Column.Of("ACTION", "action"),
        Column.Of("RESULT", "result"),
        Column.Of("ACCEPTED", "accepted_at"),
        Column.Of("ENDED", "ended_at") with { Spare = 1 },
        Column.Of("REQUEST", "request_id") with { Spare = 2 },
        Column.Of("REASON", "reason"),
        Column.Of("USER", "user") with { Wide = true },
    ]);

    public static Command Create()
    {
        var server = ServerCommand.Which();
        return AdminCommand.Of(
            "events", "List what was asked of a server and how it ended, the newest first.",
            async (asked, stop) =>
            {
                var path = $"/servers/{await ServerCommand.FindAsync(asked, server, stop)}/os-instance-actions";
                var rows = new JsonArray();
                foreach (var action in (await asked.Cloud.GetAsync("compute", path, stop))["instanceActions"]!.AsArray())
                    rows.Add(Row((await asked.Cloud.GetAsync("compute", $"{path}/{action!["request_id"]}", stop))["instanceAction"]!));
                Written.List(asked.Console, asked.Form, Log, new JsonObject { [Log.Key] = rows });
                return ExitCode.Done;
            },
            server);
    }

    /// <summary>An action has one event at most: the compute cell's. What needs no cell has none, and was done when it was accepted.</summary>
    internal static JsonObject Row(JsonNode action)
    {
        var end = action["events"] is JsonArray { Count: > 0 } events ? events[0] : null;
        return new JsonObject
        {
            ["action"] = (string?)action["action"],
            ["result"] = end is null ? "done" : (string?)end["result"] switch { null => "under way", "Success" => "done", _ => "failed" },
            ["accepted_at"] = (string?)action["start_time"],
            ["ended_at"] = (string?)(end is null ? action["start_time"] : end["finish_time"]),
            ["request_id"] = (string?)action["request_id"],
            ["reason"] = (string?)end?["traceback"],
            ["user"] = (string?)action["user_id"],
        };
    }
}
