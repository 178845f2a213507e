using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cells.Contracts;
using Cells.Host.Bench;
using Cells.Host.Configuration;
using Spectre.Console;

namespace Cells.Host.Commands;

/// <summary>`cells bench`: measures this machine with this build, on databases and hosts of its own. See docs/placement.md for what is counted.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measure: durable boots, durable placements, what clients wait for, an idle tree.") { Boot(), Placement(), Api(), Idle() };

    private static Command Boot()
    {
        var boots = new Option<int>("--boots") { Description = "Servers booted and deleted while measured.", DefaultValueFactory = _ => 2000 };
        var atOnce = new Option<int>("--at-once") { Description = "Servers under way at once.", DefaultValueFactory = _ => 64 };
        var output = CommandLine.OutputOption();
        var command = new Command("boot", "Boot + delete through REST and XenAPI, 4 cells x 25 simulated hosts without latency, durable.") { boots, atOnce, output };
        command.SetAction(async (parsed, stop) =>
        {
            var (count, most) = (AtLeastOne("--boots", parsed.GetValue(boots)), AtLeastOne("--at-once", parsed.GetValue(atOnce)));
            Print(await new BootBench(SystemTime.Provider, new SystemIds()).RunAsync(count, most, stop), parsed.GetValue(output)!);
            return 0;
        });
        return command;
    }

    private static Command Placement()
    {
        var placements = new Option<int>("--placements") { Description = "Servers placed while measured.", DefaultValueFactory = _ => 20_000 };
        var atOnce = new Option<int>("--at-once") { Description = "Servers under way at once.", DefaultValueFactory = _ => 256 };
        var bus = new Option<string>("--bus") { Description = "Between the two cells: in-process, or rabbitmq (a private node).", DefaultValueFactory = _ => BusChoice.InProcess }
            .AcceptOnlyFromAmong(BusChoice.InProcess, BusChoice.RabbitMq);
        var output = CommandLine.OutputOption();
        var command = new Command("placement", "Placements: REST handler to committed claim and observed copy at the top, two levels of cells, no hypervisor calls.") { placements, atOnce, bus, output };
        command.SetAction(async (parsed, stop) =>
        {
            var (count, most) = (AtLeastOne("--placements", parsed.GetValue(placements)), AtLeastOne("--at-once", parsed.GetValue(atOnce)));
            Print(await new PlacementBench(SystemTime.Provider, new SystemIds()).RunAsync(BusChoice.Parse(parsed.GetValue(bus)!), count, most, stop), parsed.GetValue(output)!);
            return 0;
        });
        return command;
    }

    private static Command Api()
    {
        var hosts = new Option<int>("--hosts") { Description = "Simulated hosts that report meanwhile, in cells of at most 100.", DefaultValueFactory = _ => 500 };
        var servers = new Option<int>("--servers") { Description = $"Servers that are there: what a list in detail shows; at most {ApiBench.MostPerPage}.", DefaultValueFactory = _ => 1_000 };
        var seconds = new Option<int>("--seconds") { Description = "Each kind of request is measured for so long.", DefaultValueFactory = _ => 20 };
        var rate = new Option<int>("--creates") { Description = "Servers created in a second.", DefaultValueFactory = _ => 50 };
        var output = CommandLine.OutputOption();
        var command = new Command("api", "Latency at the door, at fixed rates: a server shown, a list in detail, servers created.") { hosts, servers, seconds, rate, output };
        command.SetAction(async (parsed, stop) =>
        {
            var result = await new ApiBench(SystemTime.Provider, new SystemIds()).RunAsync(
                AtLeastOne("--hosts", parsed.GetValue(hosts)), AtLeastOne("--servers", parsed.GetValue(servers)), AtLeastOne("--seconds", parsed.GetValue(seconds)),
                new ApiRates(ShowsPerSecond: 100, DetailsPerSecond: 2, AtLeastOne("--creates", parsed.GetValue(rate))), stop);
            Print(result, parsed.GetValue(output)!);
            return 0;
        });
        return command;
    }

    private static Command Idle()
    {
        var hosts = new Option<int>("--hosts") { Description = "Simulated hosts in each of the 4 compute cells.", DefaultValueFactory = _ => 100 };
        var seconds = new Option<int>("--seconds") { Description = "How long is looked.", DefaultValueFactory = _ => 30 };
        var output = CommandLine.OutputOption();
        var command = new Command("idle", "CPU and memory of a tree that nobody asks anything: 4 compute cells whose hosts report.") { hosts, seconds, output };
        command.SetAction(async (parsed, stop) =>
        {
            var result = await new IdleBench(SystemTime.Provider, new SystemIds()).RunAsync(
                AtLeastOne("--hosts", parsed.GetValue(hosts)), AtLeastOne("--seconds", parsed.GetValue(seconds)), stop);
            Print(result, parsed.GetValue(output)!);
            return 0;
        });
        return command;
    }

    private static int AtLeastOne(string option, int value) => value >= 1 ? value : throw new CellsException($"{option} must be at least 1, not {value}.");

    /// <summary>The fields of a result are its table, so that both outputs say the same.</summary>
    private static void Print<T>(T result, string output)
    {
        if (output == "json")
        {
            Console.WriteLine(JsonSerializer.Serialize(result, Pretty.Json));
            return;
        }
        var table = new Table().Border(TableBorder.Minimal).AddColumns("figure", "value");
        foreach (var (name, value) in JsonSerializer.SerializeToNode(result)!.AsObject())
            table.AddRow(Markup.Escape(name), Markup.Escape(value?.ToString() ?? "-"));
        CommandLine.Write(table);
    }
}
