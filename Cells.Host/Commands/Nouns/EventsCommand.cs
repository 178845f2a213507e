using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Host.Clients;
using Cells.Host.Commands.Output;

namespace Cells.Host.Commands.Nouns;

/// <summary>`cells events`: what changed, and with --follow what changes from now on.</summary>
internal static class EventsCommand
{
    private static readonly TimeSpan ComeAgainAfter = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until it is ended; a stream that breaks is taken up where it was." };
        var kind = AdminCommand.Filter("kind", "Only instance, host, cell or link.");
        var server = AdminCommand.Filter("server", "Only of the server of this id.");
        var cell = AdminCommand.CellFilter();
        var since = new Option<long?>("--since") { Description = "What changed above this change number; 0 tells every row once." };
        return AdminCommand.Of(
            "events", "Show what changed: servers, hosts, cells, links.",
            (asked, stop) => RunAsync(
                asked, asked.Words.GetValue(follow), asked.Words.GetValue(since),
                [("kind", asked.Text(kind)), ("cell", asked.Text(cell)), ("server", asked.Text(server))], stop),
            follow, kind, cell, server, since);
    }

    private static async Task<ExitCode> RunAsync(Asked asked, bool follow, long? since, IReadOnlyList<(string Name, string? Value)> filters, CancellationToken stop)
    {
        var query = string.Concat(filters.Where(f => f.Value is not null).Select(f => $"&{f.Name}={Uri.EscapeDataString(f.Value!)}"));
        // Without --follow somebody wants to see what went on lately.
        var from = since is { } above ? $"&since={above}" : follow ? "" : "&last=100";
        string? heard = null;
        var isBroken = false;                                    // told once, however often it comes again
        while (true)
        {
            try
            {
                await foreach (var item in asked.Cloud.FollowAsync("cells", $"/events?follow={(follow ? "true" : "false")}{(heard is null ? from : $"&since={heard}")}{query}", stop))
                {
                    (heard, isBroken) = (item.EventId ?? heard, false);
                    if (item.EventType == "lost")
                        Console.Error.WriteLine($"cells: the stream ended: {(string)JsonNode.Parse(item.Data)!["reason"]!}");
                    else
                        Tell(asked, JsonNode.Parse(item.Data)!);
                }
                if (!follow)
                    return ExitCode.Done;
            }
            catch (CommandFailed broken) when (follow && heard is not null && broken.Code == ExitCode.Unreachable)
            {
                if (!isBroken)
                    Console.Error.WriteLine($"cells: {broken.Message} Coming again above change {heard} until it answers.");
                isBroken = true;
            }
            await Task.Delay(ComeAgainAfter, SystemTime.Provider, stop);
        }
    }

    private static void Tell(Asked asked, JsonNode told) => Written.Lines(asked.Console, [asked.Form switch
    {
        OutputForm.Json => told.ToJsonString(),
        OutputForm.Yaml => $"---\n{Yaml.Of(told).TrimEnd()}",
        OutputForm.Name => (string)told["id"]!,
        _ => Line(told),
    }]);

    internal static string Line(JsonNode told) =>
        $"{(long)told["change"]!,8}  {(DateTimeOffset)told["at"]!:yyyy-MM-dd HH:mm:ss}  {told["kind"],-8}  {told["cell"],-10}  {told["name"] ?? told["id"]}  {told["text"]}";
}
