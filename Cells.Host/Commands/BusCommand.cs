using System.CommandLine;
using Cells.Contracts;
using Cells.Host.Configuration;
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
        var command = new Command("definitions", "Print accounts, virtual hosts and rights in RabbitMQ's format, for `rabbitmqctl import_definitions`. Passwords are made where they are missing.") { data, topology };
        command.SetAction(parsed =>
        {
            var tree = parsed.GetValue(topology) is { } file ? Topology.Read(file, hostsPerCell: 1) : Topology.Default(hostsPerCell: 1);
            Console.WriteLine(DataDirectory.BusOf(Path.GetFullPath(parsed.GetValue(data)!), new SystemIds()).Definitions(tree));
            return 0;
        });
        return command;
    }
}
