using System.CommandLine;
using Cells.Host.Clients;
using Spectre.Console;

namespace Cells.Host.Commands;

/// <summary>`cells hosts`: every hypervisor of the tree, as its compute cell last reported it.</summary>
internal static class HostsCommand
{
    public static Command Create()
    {
        var data = CommandLine.DataOption();
        var output = CommandLine.OutputOption();
        var command = new Command("hosts", "List the hypervisors: health, what they have, what is promised.") { data, output };
        command.SetAction(async (parsed, stop) =>
        {
            using var cloud = await CloudClient.EnterAsync(OpenRc.Find(parsed.GetValue(data)!), stop);
            var hosts = await cloud.GetAsync("cells", "/hosts", stop);
            if (parsed.GetValue(output) == "json")
            {
                Console.WriteLine(hosts.ToJsonString(Pretty.Json));
                return 0;
            }
            var table = new Table().Border(TableBorder.Minimal).AddColumns("cell", "host", "status", "instances", "vCPU", "memory MiB", "disk GiB");
            foreach (var h in hosts["hosts"]!.AsArray().OrderBy(h => (string)h!["cell"]!, StringComparer.Ordinal).ThenBy(h => (string)h!["name"]!, StringComparer.Ordinal))
                table.AddRow(
                    Markup.Escape((string)h!["cell"]!), Markup.Escape((string)h["name"]!), Markup.Escape((string)h["status"]!), $"{(int)h["instances"]!}",
                    $"{(long)h["promised_vcpus"]!}/{(long)h["vcpus"]!}", $"{(long)h["promised_memory_mib"]!}/{(long)h["memory_mib"]!}",
                    $"{(long)h["promised_sr_bytes"]! >> 30}/{(long)h["sr_bytes"]! >> 30}");
            AnsiConsole.Write(table);
            return 0;
        });
        return command;
    }
}
