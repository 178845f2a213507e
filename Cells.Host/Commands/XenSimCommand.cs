using System.CommandLine;
using Cells.Contracts;
using Cells.Host.Up;
using Cells.Messaging.Storage;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using Cells.XenSim.Fleet;

namespace Cells.Host.Commands;

/// <summary>`cells xensim`: simulated XenServer hosts on loopback ports, until it is ended.</summary>
internal static class XenSimCommand
{
    public static Command Create()
    {
        var group = new Option<string[]>("--group")
        {
            Description = "NAME=COUNT: so many standalone hosts named NAME-h01, NAME-h02, ...; may be given again.",
            DefaultValueFactory = _ => ["sim=4"],
        };
        var vcpus = new Option<int>("--vcpus") { Description = "Physical CPUs of each host.", DefaultValueFactory = _ => 32 };
        var memory = new Option<int>("--memory-gib") { Description = "Memory of each host.", DefaultValueFactory = _ => 128 };
        var disk = new Option<int>("--disk-gib") { Description = "Local storage of each host.", DefaultValueFactory = _ => 2048 };
        var latency = new Option<string>("--latency") { Description = "instant or realistic", DefaultValueFactory = _ => "instant" }.AcceptOnlyFromAmong("instant", "realistic");
        var password = new Option<string?>("--password-file") { Description = "File with root's password; without it the password is 'xensim'." };
        var data = new Option<string?>("--data") { Description = "Directory of the journals: started on it again, the hosts went on meanwhile. Without it, memory only." };
        var ready = new Option<string?>("--ready-file") { Description = "JSON written once all hosts listen: name, url, uuid of each, and the control door." };
        var control = new Option<int?>("--control-port") { Description = "Port of the control door (faults, accounting); 0 chooses one. Without it the door is closed." };
        var command = new Command("xensim", "Run simulated XenServer hosts.") { group, vcpus, memory, disk, latency, password, data, ready, control };
        command.SetAction(async (parsed, stop) =>
        {
            var rootPassword = parsed.GetValue(password) is { } file ? (await File.ReadAllTextAsync(file, stop)).Trim() : "xensim";
            var directory = parsed.GetValue(data);
            var options = new XenSimFleetOptions
            {
                Pools =
                [
                    .. parsed.GetValue(group)!.SelectMany(g => HostNames(g)).Select(name => PoolShape.Standalone(
                        new HostShape
                        {
                            Name = name,
                            PhysicalCpus = parsed.GetValue(vcpus),
                            MemoryBytes = parsed.GetValue(memory) * Units.Gib,
                            LocalStorageBytes = parsed.GetValue(disk) * Units.Gib,
                        },
                        rootPassword)),
                ],
                Behaviour = new XenSimOptions { Latency = parsed.GetValue(latency) == "realistic" ? LatencyProfile.Realistic : LatencyProfile.Instant },
                DataDirectory = directory,
                ReadyFile = parsed.GetValue(ready),
                ControlPort = parsed.GetValue(control),
            };
            if (directory is not null)
                SimulatorProcess.Announce(directory, ProcessIdentity.Find(Environment.ProcessId)!);
            await XenSimFleet.RunAsync(options, SystemTime.Provider, fleet => Console.WriteLine(
                $"{fleet.Hosts.Count} simulated hosts listen, from {fleet.Hosts[0].Url} on; user root. Ctrl-C ends them."), stop);
            return 0;
        });
        return command;
    }

    /// <exception cref="CellsException">The text is no NAME=COUNT.</exception>
    internal static IEnumerable<string> HostNames(string group)
    {
        var parts = group.Split('=');
        return parts.Length == 2 && CellName.TryParse(parts[0], out var name) && int.TryParse(parts[1], out var count) && count is >= 1 and <= 1000
            ? Enumerable.Range(1, count).Select(i => $"{name}-h{i:00}")
            : throw new CellsException($"--group '{group}' is not NAME=COUNT with a name of a-z, 0-9 and '-' and a count from 1 to 1000, such as east-1=8.");
    }
}
