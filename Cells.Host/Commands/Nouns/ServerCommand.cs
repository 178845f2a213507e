using System.CommandLine;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Commands.Output;

namespace Cells.Host.Commands.Nouns;

/// <summary>`cells server ...`: the servers of all projects.</summary>
internal static class ServerCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);

    public static Listing Listing { get; } = new("servers", row => AdminCommand.Text(row, "server"), "No servers.",
    [
        Column.Of("SERVER", "server"),
        Column.Of("NAME", "name"),
        Column.Of("STATUS", "status"),
        Column.Of("TASK", "task_state") with { Spare = 1 },
        Column.Of("CELL", "cell") with { Spare = 2 },
        Column.Of("HOST", "host") with { Spare = 3 },
        Ages.Seen with { Spare = 4 },
        Column.Of("STEP", "step") with { Wide = true },
        Column.Of("FLAVOR", "flavor") with { Wide = true },
        Column.Of("PROJECT", "project") with { Wide = true },
        Column.Of("CREATED", "created_at") with { Wide = true },
        Column.Of("FAULT", "fault") with { Wide = true },
    ]);

    public static Command Create()
    {
        var server = new Command("server", "The servers of all projects: make, change, and see where they are.")
        {
            AdminCommand.List(
                "list", "List servers, the newest first.", Listing, "/servers", AdminCommand.CellFilter(),
                AdminCommand.Filter("host", "Only on the host of this name."), AdminCommand.Filter("status", "Only with this status, such as ACTIVE or ERROR."),
                AdminCommand.Filter("project", "Only of the project of this id."), AdminCommand.Filter("name", "Only with exactly this name.")),
            Show(),
            new ServerCreate().Create(),
            Delete(),
            Explain(),
            ServerEvents.Create(),
        };
        foreach (var action in ServerAction.All())
            server.Add(action.Create());
        return server;
    }

    /// <summary>Also the short form `cells explain`.</summary>
    public static Command Explain()
    {
        var server = Which();
        return AdminCommand.Of(
            "explain", "Say why a server is where it is, or why it is nowhere.",
            async (asked, stop) =>
            {
                var story = await asked.GetAsync($"/explanations/{await FindAsync(asked, server, stop)}", stop);
                if (asked.Form is OutputForm.Table or OutputForm.Wide)
                    Written.Lines(asked.Console, [StoryText.Tell(story)]);
                else
                    Written.One(asked.Console, asked.Form, row => AdminCommand.Text(row, "server"), story);
                return ExitCode.Done;
            },
            server);
    }

    private static Command Show()
    {
        var server = Which();
        return AdminCommand.Of(
            "show", "Show one server with everything that is known of it.",
            async (asked, stop) =>
            {
                var shown = await asked.GetAsync($"/servers/{await FindAsync(asked, server, stop)}", stop);
                Written.One(asked.Console, asked.Form, row => AdminCommand.Text(row, "server"), shown);
                return ExitCode.Done;
            },
            server);
    }

    private static Command Delete()
    {
        var (server, wait) = (Which(), new WaitOptions());
        return AdminCommand.Of(
            "delete", "Delete a server.",
            async (asked, stop) =>
            {
                var id = await FindAsync(asked, server, stop);
                await asked.SendAsync(HttpMethod.Delete, "compute", $"/servers/{id}", null, stop);
                if (wait.Of(asked.Words) is { } patience)
                    return await Waiting(asked).UntilDeletedAsync(id, patience, stop);
                Console.Error.WriteLine($"server {id}: the delete is accepted; `cells server show {id}` tells how far it is");
                return ExitCode.Done;
            },
            server, wait.Wait, wait.Patience);
    }

    internal static Argument<string> Which() => new("server") { Description = "Id or name of the server." };

    internal static ServerWait Waiting(Asked asked) => new(asked.Cloud, SystemTime.Provider, Console.Error.WriteLine, LookEvery);

    /// <summary>A name must be one server's; deleted ones have none any more.</summary>
    internal static async Task<string> FindAsync(Asked asked, Argument<string> server, CancellationToken stop)
    {
        var word = asked.Words.GetValue(server)!;
        if (Guid.TryParse(word, out _))
            return word;
        var found = (await Pages.ReadAsync(asked.Cloud, "/servers", [("name", word)], "servers", most: null, stop))["servers"]!.AsArray();
        return found.Count switch
        {
            1 => (string)found[0]!["server"]!,
            0 => throw new CommandFailed(ExitCode.NotFound, $"No server has the name or id '{word}'. A deleted one is found by its id only."),
            _ => throw new CellsException($"{found.Count} servers are named '{word}'; name one by its id: {string.Join(", ", found.Select(s => (string)s!["server"]!))}."),
        };
    }
}
