using System.CommandLine;
using Cells.Contracts;
using Cells.Host.Configuration;
using Cells.Host.Joining;
using Cells.Host.Up;

namespace Cells.Host.Commands;

/// <summary>`cells bus`: what a broker that is there already must know of our cells.</summary>
internal static class BusCommand
{
    public static Command Create() => new("bus", "What carries messages between cells.") { Definitions() };

    private static Command Definitions()
    {
        var data = CommandLine.DataOption();
        var topology = new Option<string?>("--topology") { Description = "The topology file that `cells up` is given; without it the default tree." };
        var config = new Option<string?>("--config") { Description = "The file of a `cells run`, instead of both; its join token is taken." };
        var output = new Option<string?>("--out") { Description = "File to write them to, mode 0600; without it they are printed." };
        var command = new Command("definitions", "Print accounts, virtual hosts and rights in RabbitMQ's format, for `rabbitmqctl import_definitions`. Passwords are made where they are missing.") { data, topology, config, output };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(config) is { } path)
            {
                var run = RunFile.Read(path);
                new Joins(run.Data, new SystemIds(), SystemTime.Provider).Use(run);
                return Write(DataDirectory.BusOf(run.Data, new SystemIds()).Definitions(run.Topology), parsed.GetValue(output));
            }
            var tree = parsed.GetValue(topology) is { } file ? Topology.Read(file, hostsPerCell: 1) : Topology.Default(hostsPerCell: 1);
            return Write(DataDirectory.BusOf(Path.GetFullPath(parsed.GetValue(data)!), new SystemIds()).Definitions(tree), parsed.GetValue(output));
        });
        return command;
    }

    private static int Write(string definitions, string? path)
    {
        if (path is null)
            Console.WriteLine(definitions);
        else
            WholeFile.Write(path, definitions, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return 0;
    }
}
