using System.CommandLine;
using Cells.Host.Configuration;
using Cells.Host.Up;

namespace Cells.Host.Commands;

/// <summary>`cells config`: looks at a configuration file of `cells run` without starting anything.</summary>
internal static class ConfigCommand
{
    public static Command Create() => new("config", "Look at a configuration file of `cells run`; nothing is started.") { Check(), Show() };

    private static Command Check()
    {
        var file = FileArgument();
        var command = new Command("check", "Say what is wrong with it: line, key and the nearest valid key; also files that it names.") { file };
        command.SetAction(parsed =>
        {
            var run = RunFile.Read(parsed.GetValue(file)!);
            foreach (var cell in run.Topology.Cells)
                ComputeHosts.Of(cell, fleet: null, simulatedPassword: "");
            Console.WriteLine($"{run.Path}: good. Cells: {string.Join(", ", run.Topology.Cells.Select(run.Topology.PathOf))}");
            return 0;
        });
        return command;
    }

    private static Command Show()
    {
        var file = FileArgument();
        var effective = new Option<bool>("--effective") { Description = "With every key that was left out, and what it means then." };
        var command = new Command("show", "Print it as `cells run` understands it; secrets are hidden.") { file, effective };
        command.SetAction(parsed =>
        {
            Console.Write(EffectiveFile.Of(RunFile.Read(parsed.GetValue(file)!), ConfigurationFile.Read(parsed.GetValue(file)!), parsed.GetValue(effective)));
            return 0;
        });
        return command;
    }

    private static Argument<string> FileArgument() => new("FILE") { Description = "YAML file of `cells run`." };
}
