using System.CommandLine;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Configuration;
using Cells.Host.Joining;
using Cells.Host.Observability;
using Cells.Host.Up;
using Microsoft.Extensions.Logging;

namespace Cells.Host.Commands;

/// <summary>`cells run --config FILE`: the cells of a configuration file in this process, over servers and hosts that are there already; their neighbours may run elsewhere.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var config = new Option<string>("--config") { Description = "YAML file: data, database, bus, join, listen, url, cells (as in a topology file, with real hosts).", Required = true };
        var command = new Command("run", "Run the cells of a configuration file over real servers: nothing is simulated, nothing else is started.") { config };
        var name = new Option<string>("--node") { Description = "What this process is called among those that run the same cells (a-z, 0-9, '-'). Default: a name of its data directory's own." };
        command.Add(name);
        var otlp = OtlpTarget.Option();
        command.Add(otlp);
        var logLevel = LogLevels.Option(null);
        command.Add(logLevel);
        command.SetAction((parsed, stop) =>
        {
            var file = RunFile.Read(parsed.GetValue(config)!);
            return RunAsync(parsed.GetValue(logLevel) is { } said ? file with { LogLevel = LogLevels.Of(said) } : file, OtlpTarget.Read(parsed.GetValue(otlp)), parsed.GetValue(name), stop);
        });
        return command;
    }

    private static async Task<int> RunAsync(RunFile file, OtlpTarget? otlp, string? nodeName, CancellationToken stop)
    {
        var (time, ids) = (SystemTime.Provider, new SystemIds());
        using var directory = new DataDirectory(file.Data, ids);
        directory.NoteStart(StartWords.Of("cells run", ("--config", Path.GetFullPath(file.Path)), ("--node", nodeName)));
        var node = NodeOf(nodeName, directory);
        new Joins(file.Data, ids, time).Use(file);
        using var telemetry = new Telemetry(otlp, directory.Id);
        using var loggers = Loggers.ToStandardError(file.LogLevel, telemetry.Logs);
        await using var databases = await Databases.NamedAsync(file.Database, stop);
        Console.WriteLine($"cells run: {databases.Told}");
        await using var bus = Bus.Of(file, directory, time, loggers);
        if (bus.Told is { } told)
            Console.WriteLine($"cells run: {told}");
        await using var tree = await TreeProcess.StartAsync(
            new TreeParts(file.Topology, directory, databases, Fleet: null, SimulatedPassword: "", FreePort.Resolve(file.Listen), time, ids, loggers)
            {
                Transport = bus.Transport,
                MayRunElsewhere = true,
                Node = node,
                NodeBusOf = bus.NodesOf,
                Url = file.Url,
                Telemetry = telemetry,
            }, stop);
        if (tree.BaseUrl.Length > 0)
            tree.WriteEntry();
        Console.WriteLine($"cells run: node {node}, leads {string.Join(", ", file.Topology.Cells.Select(file.Topology.PathOf))}");
        Console.WriteLine($"ready: {(tree.BaseUrl.Length > 0 ? tree.BaseUrl : "no API cell here")}");
        await tree.WaitAsync(stop);
        Console.WriteLine("cells run: ended");
        return 0;
    }

    /// <summary>The directory's id is another one for a copy of it, so its name is too.</summary>
    private static NodeName NodeOf(string? name, DataDirectory directory)
    {
        try
        {
            return NodeName.Parse(name ?? $"n-{directory.Id:N}"[..14]);
        }
        catch (FormatException wrong)
        {
            throw new CellsException($"--node: {wrong.Message}", wrong);
        }
    }
}
