using System.CommandLine;
using Cells.Host.Clients;
using System.Text.Json.Nodes;

namespace Cells.Host.Commands.Nouns;

/// <summary>`cells host drain` and `cells host enable`: a hypervisor is emptied for service, and comes back.</summary>
internal static class DrainCommands
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    public static Command Drain()
    {
        var (host, wait) = (Which(), new WaitOptions());
        return AdminCommand.Of(
            "drain", "Empty a host for service: it takes nothing new, its servers leave one by one, and what cannot leave is named.",
            async (asked, stop) =>
            {
                var path = $"/hosts/{Uri.EscapeDataString(asked.Words.GetValue(host)!)}";
                await asked.SendAsync(HttpMethod.Post, "cells", $"{path}/drain", null, stop);
                Console.Error.WriteLine($"host {asked.Words.GetValue(host)}: draining; `cells host show` tells how far it is");
                return wait.Of(asked.Words) is { } patience ? await UntilEmptyAsync(asked, path, patience, stop) : ExitCode.Done;
            },
            host, wait.Wait, wait.Patience);
    }

    public static Command Enable()
    {
        var host = Which();
        return AdminCommand.Of(
            "enable", "Use a drained host again.",
            async (asked, stop) =>
            {
                await asked.SendAsync(HttpMethod.Delete, "cells", $"/hosts/{Uri.EscapeDataString(asked.Words.GetValue(host)!)}/drain", null, stop);
                Console.Error.WriteLine($"host {asked.Words.GetValue(host)}: in use again");
                return ExitCode.Done;
            },
            host);
    }

    private static async Task<ExitCode> UntilEmptyAsync(Asked asked, string path, TimeSpan patience, CancellationToken stop)
    {
        var (said, began) = ("", SystemTime.Provider.GetTimestamp());
        while (true)
        {
            var row = await asked.GetAsync(path, stop);
            if (row["drain"] is { } drain)
            {
                var now = $"{(int)drain["left"]!} left, {(int)drain["moving"]!} moving" + string.Concat(drain["stuck"]!.AsArray().Select(s => $"\n  {(string)s!["instance"]!}: {(string)s["why"]!}"));
                if (now != said)
                    Console.Error.WriteLine(now);
                said = now;
                if ((int)drain["left"]! == 0 && (bool?)row["enabled"] == false)
                    return ExitCode.Done;
            }
            if (SystemTime.Provider.GetElapsedTime(began) > patience)
            {
                Console.Error.WriteLine($"not empty after {patience.TotalSeconds:0} s; the drain goes on");
                return ExitCode.TimedOut;
            }
            await Task.Delay(LookEvery, SystemTime.Provider, stop);
        }
    }

    private static Argument<string> Which() => new("host") { Description = "Name or uuid of the host." };
}
