using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Contracts;
using Cells.Host.Clients;

namespace Cells.Host.Commands;

/// <summary>`cells explain SERVER`: the whole way of one server, who was asked, who said no and why.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var server = new Argument<string>("server") { Description = "Id or name of the server." };
        var data = CommandLine.DataOption();
        var output = CommandLine.OutputOption();
        var command = new Command("explain", "Say why a server is where it is, or why it is nowhere.") { server, data, output };
        command.SetAction(async (parsed, stop) =>
        {
            using var cloud = await CloudClient.EnterAsync(OpenRc.Find(parsed.GetValue(data)!), stop);
            var id = await FindAsync(cloud, parsed.GetValue(server)!, stop);
            var story = await cloud.GetAsync("cells", $"/explanations/{id}", stop);
            Console.WriteLine(parsed.GetValue(output) == "json" ? story.ToJsonString(Pretty.Json) : StoryText.Tell(story));
            return 0;
        });
        return command;
    }

    private static async Task<string> FindAsync(CloudClient cloud, string server, CancellationToken stop)
    {
        if (Guid.TryParse(server, out _))
            return server;
        var found = (await cloud.GetAsync("compute", $"/servers?name=^{Uri.EscapeDataString(server)}$", stop))["servers"]!.AsArray();
        return found.Count switch
        {
            1 => (string)found[0]!["id"]!,
            0 => throw new CellsException($"No server has the name or id '{server}'. A deleted one is found by its id only."),
            _ => throw new CellsException($"{found.Count} servers are named '{server}'; name one by its id: {string.Join(", ", found.Select(s => (string)s!["id"]!))}."),
        };
    }
}
