using System.CommandLine;
using System.Text.Json.Nodes;
using Cells.Host.Clients;

namespace Cells.Host.Commands.Nouns;

/// <summary>`cells host fenced` and `cells host evacuate`: a hypervisor that is gone, and what ran on it.</summary>
internal static class HostLossCommands
{
    public static Command Fenced()
    {
        var host = Which();
        var reason = new Option<string?>("--reason") { Description = "How it was made sure that the host runs nothing: powered off, and who looked." };
        var withdraw = new Option<bool>("--withdraw") { Description = "Take the word back." };
        var command = AdminCommand.Of(
            "fenced", "Say that a silent host surely runs nothing any more, so that its servers may be evacuated.",
            async (asked, stop) =>
            {
                var path = $"/hosts/{Uri.EscapeDataString(asked.Words.GetValue(host)!)}/fence";
                if (asked.Words.GetValue(withdraw))
                    await asked.SendAsync(HttpMethod.Delete, "cells", path, null, stop);
                else
                    await asked.SendAsync(HttpMethod.Post, "cells", path, new JsonObject { ["reason"] = asked.Text(reason) }, stop);
                Console.Error.WriteLine($"host {asked.Words.GetValue(host)}: {(asked.Words.GetValue(withdraw) ? "the word is taken back" : "noted; it counts until the host is heard again")}");
                return ExitCode.Done;
            },
            host, reason, withdraw);
        command.Validators.Add(result =>
        {
            if (result.GetValue(withdraw) == (result.GetValue(reason) is not null))
                result.AddError("Give --reason with how it was made sure, or --withdraw.");
        });
        return command;
    }

    public static Command Evacuate()
    {
        var (host, wait) = (Which(), new WaitOptions());
        var to = new Option<string?>("--to") { Description = "Name of the only host that will do." };
        return AdminCommand.Of(
            "evacuate", "Start all servers of a host that is gone elsewhere: from shared disks, or anew from their images.",
            async (asked, stop) =>
            {
                var lost = await asked.GetAsync($"/hosts/{Uri.EscapeDataString(asked.Words.GetValue(host)!)}", stop);
                var name = AdminCommand.Text(lost, "name");
                var servers = (await Pages.ReadAsync(asked.Cloud, "/servers", [("host", name), ("cell", AdminCommand.Text(lost, "cell"))], "servers", most: null, stop))["servers"]!.AsArray();
                var (done, failed) = (0, 0);
                foreach (var id in servers.Where(s => (string)s!["vm_state"]! != "deleted").Select(s => AdminCommand.Text(s!, "server")))
                {
                    var ended = await OneAsync(asked, id, asked.Text(to), wait.Of(asked.Words), stop);
                    (done, failed) = ended == ExitCode.Done ? (done + 1, failed) : (done, failed + 1);
                    Console.Error.WriteLine($"host {name}: {done + failed} of {servers.Count} servers, {failed} of them not evacuated");
                }
                return failed == 0 ? ExitCode.Done : ExitCode.Failed;
            },
            host, to, wait.Wait, wait.Patience);
    }

    /// <summary>One that cannot be evacuated now does not hold up the others.</summary>
    private static async Task<ExitCode> OneAsync(Asked asked, string id, string? to, TimeSpan? patience, CancellationToken stop)
    {
        try
        {
            // The word about the disk is what versions before 2.14 must be told; the cell sees for itself.
            var accepted = await asked.SendAsync(
                HttpMethod.Post, "compute", $"/servers/{id}/action", new JsonObject { ["evacuate"] = Body(to) }, stop);
            return patience is { } longest ? await ServerCommand.Waiting(asked).UntilActedAsync(id, "the evacuation", accepted.RequestId!, longest, stop) : ExitCode.Done;
        }
        catch (CommandFailed refused)
        {
            Console.Error.WriteLine($"server {id}: {refused.Message}");
            return refused.Code;
        }
    }

    private static JsonObject Body(string? to)
    {
        var body = new JsonObject { ["onSharedStorage"] = false };
        if (to is not null)
            body["host"] = to;
        return body;
    }

    private static Argument<string> Which() => new("host") { Description = "Name or uuid of the host." };
}
