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
        var pool = new Option<string[]>("--pool")
        {
            Description = "NAME=COUNT[+SPARES]: one pool of so many members NAME-h01, NAME-h02, ... over a shared repository, and machines beside it that stand by; may be given again.",
        };
        var vcpus = new Option<int>("--vcpus") { Description = "Physical CPUs of each host.", DefaultValueFactory = _ => 32 };
        var memory = new Option<int>("--memory-gib") { Description = "Memory of each host.", DefaultValueFactory = _ => 128 };
        var disk = new Option<int>("--disk-gib") { Description = "Local storage of each host.", DefaultValueFactory = _ => 2048 };
        var shared = new Option<int>("--shared-disk-gib") { Description = "Shared repository of each pool.", DefaultValueFactory = _ => 8192 };
        var latency = new Option<string>("--latency") { Description = "instant or realistic", DefaultValueFactory = _ => "instant" }.AcceptOnlyFromAmong("instant", "realistic");
        var password = new Option<string?>("--password-file") { Description = "File with root's password; without it the password is 'xensim'." };
        var data = new Option<string?>("--data") { Description = "Directory of the journals: started on it again, the hosts went on meanwhile. Without it, memory only." };
        var ready = new Option<string?>("--ready-file") { Description = "JSON written once all hosts listen: name, url, uuid of each, and the control door." };
        var control = new Option<int?>("--control-port") { Description = "Port of the control door (faults, accounting); 0 chooses one. Without it the door is closed." };
        var command = new Command("xensim", "Run simulated XenServer hosts.") { group, pool, vcpus, memory, disk, shared, latency, password, data, ready, control };
        command.SetAction(async (parsed, stop) =>
        {
            var rootPassword = parsed.GetValue(password) is { } file ? (await File.ReadAllTextAsync(file, stop)).Trim() : "xensim";
            var directory = parsed.GetValue(data);
            var pools = parsed.GetValue(pool) ?? [];
            var groups = parsed.GetResult(group) is { Implicit: true } && pools.Length > 0 ? [] : parsed.GetValue(group)!;   // the default group stands in for nothing else
            var shape = new HostShape
            {
                Name = "",
                PhysicalCpus = parsed.GetValue(vcpus),
                MemoryBytes = parsed.GetValue(memory) * Units.Gib,
                LocalStorageBytes = parsed.GetValue(disk) * Units.Gib,
            };
            var options = new XenSimFleetOptions
            {
                Pools =
                [
                    .. groups.SelectMany(HostNames).Select(name => PoolShape.Standalone(shape with { Name = name }, rootPassword)),
                    .. pools.Select((text, index) => PoolOf(text, index, shape) with { RootPassword = rootPassword, SharedStorageBytes = parsed.GetValue(shared) * Units.Gib }),
                ],
                Behaviour = new XenSimOptions { Latency = parsed.GetValue(latency) == "realistic" ? LatencyProfile.Realistic : LatencyProfile.Instant },
                DataDirectory = directory,
                ReadyFile = parsed.GetValue(ready),
                ControlPort = parsed.GetValue(control),
            };
            if (directory is not null)
                SimulatorProcess.Announce(directory, ProcessIdentity.Find(Environment.ProcessId)!);
            try
            {
                await XenSimFleet.RunAsync(options, SystemTime.Provider, fleet => Console.WriteLine(
                    $"{fleet.Hosts.Count} simulated hosts listen, from {fleet.Hosts[0].Url} on; user root. Ctrl-C ends them."), stop);
            }
            catch (IOException error)
            {
                throw new CellsException($"The simulated hosts cannot be started: {error.Message} Each host of a data directory keeps its port: end whoever has it, or choose another directory.", error);
            }
            return 0;
        });
        return command;
    }

    /// <param name="index">Of the pool, from 0: its members get addresses of their own.</param>
    /// <exception cref="CellsException">The text is no NAME=COUNT[+SPARES].</exception>
    internal static PoolShape PoolOf(string text, int index, HostShape shape)
    {
        var parts = text.Split('=', '+');
        if (parts.Length is < 2 or > 3 || !CellName.TryParse(parts[0], out var name) || !int.TryParse(parts[1], out var count) || count is < 1 or > 64
            || !int.TryParse(parts.Length == 3 ? parts[2] : "0", out var spares) || spares is < 0 or > 64)
            throw new CellsException($"--pool '{text}' is not NAME=COUNT[+SPARES] with a name of a-z, 0-9 and '-' and counts up to 64, such as east-1-a=3+1.");
        return new PoolShape
        {
            Name = name.Value,
            Hosts = [.. Enumerable.Range(1, count + spares).Select(i => shape with
            {
                Name = $"{name}-h{i:00}", Address = XenSimFleetOptions.AddressOf(index, i - 1), Spare = i > count,
            })],
        };
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
