using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Cells.Chaos;
using Cells.Contracts;

namespace Cells.Host.Commands;

/// <summary>`cells chaos`: the stepped world under faults, seed after seed.</summary>
internal static class ChaosCommand
{
    public static Command Create()
    {
        var seeds = new Option<int>("--seeds") { Description = "How many seeds to run.", DefaultValueFactory = _ => 10 };
        var first = new Option<int>("--first-seed") { Description = "The first of them.", DefaultValueFactory = _ => 1 };
        var one = new Option<int?>("--seed") { Description = "This seed alone: replays what it did before, step by step." };
        var calm = new Option<bool>("--calm") { Description = "The same workload in a world where nothing fails." };
        var events = new Option<string?>("--events") { Description = "Write every step to this file: what two runs of a seed must agree on." };
        var output = CommandLine.OutputOption();
        var command = new Command("chaos", "Run whole trees of cells under faults, one thread and one seed at a time, and check that nothing breaks.")
        {
            seeds, first, one, calm, events, output,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var json = parsed.GetValue(output) == "json";
            var run = parsed.GetValue(one) is { } only ? [only] : Enumerable.Range(parsed.GetValue(first), RequirePositive(parsed.GetValue(seeds))).ToList();
            var began = SystemTime.Provider.GetTimestamp();
            await using var log = parsed.GetValue(events) is { } path ? new StreamWriter(path) : StreamWriter.Null;
            var options = new ChaosOptions { Faults = !parsed.GetValue(calm), EventSink = log == StreamWriter.Null ? null : log.WriteLine };
            // One at a time when every step is written down: two seeds in one file would say nothing.
            var lanes = options.EventSink is null ? Math.Max(1, Environment.ProcessorCount) : 1;
            var all = await ChaosRunner.RunAllAsync(run, options, lanes, SystemTime.Provider, report =>
            {
                if (!json)
                    Console.WriteLine(Line(report));
                if (report.Violations.Count > 0)
                    Explain(report, options);
            }, stop);
            var wall = SystemTime.Provider.GetElapsedTime(began).TotalSeconds;
            Console.WriteLine(json ? Json(all, wall).ToJsonString(Pretty.Json) : Summary(all, wall));
            return all.Violations == 0 ? 0 : 1;
        });
        return command;
    }

    private static int RequirePositive(int seeds) => seeds > 0
        ? seeds
        : throw new CellsException($"--seeds {seeds}: give a number from 1 on.");

    private static string Line(SeedReport seed) => string.Create(CultureInfo.InvariantCulture,
        $"seed {seed.Seed}: {(seed.Violations.Count == 0 ? "ok" : $"{seed.Violations.Count} violations")}, {seed.Steps} steps, {seed.SimulatedSeconds:0.0} s simulated in {seed.WallSeconds:0.00} s, {seed.FaultsFired.Values.Sum()} faults, {seed.EventLogHash[..16]}");

    private static string Summary(ChaosReport all, double wall) => string.Create(CultureInfo.InvariantCulture,
        $"{all.Seeds.Count} seeds, {all.Violations} violations, {all.Seeds.Sum(s => s.Steps)} steps, {all.Seeds.Sum(s => s.SimulatedSeconds):0} s simulated in {wall:0.0} s; faults: {string.Join(", ", all.FaultsFired.Select(f => $"{f.Key} {f.Value}"))}; {all.EventLogHash}");

    /// <summary>On standard error, so that the JSON on standard output stays JSON.</summary>
    private static void Explain(SeedReport seed, ChaosOptions options)
    {
        foreach (var step in seed.LastSteps)
            Console.Error.WriteLine($"  {step}");
        foreach (var violation in seed.Violations)
            Console.Error.WriteLine($"cells: seed {seed.Seed}: {violation}");
        Console.Error.WriteLine($"cells: above are the last steps of seed {seed.Seed} ({options.Operations} operations, faults {(options.Faults ? "on" : "off")}). Replay it with: cells chaos --seed {seed.Seed}{(options.Faults ? "" : " --calm")}");
    }

    private static JsonObject Json(ChaosReport all, double wall)
    {
        var json = new JsonObject
        {
            ["seeds"] = all.Seeds.Count,
            ["violations"] = all.Violations,
            ["steps"] = all.Seeds.Sum(seed => seed.Steps),
            ["simulated_s"] = Math.Round(all.Seeds.Sum(seed => seed.SimulatedSeconds), 3),
            ["wall_s"] = Math.Round(wall, 3),
            ["faults_fired"] = new JsonObject(all.FaultsFired.Select(fired => KeyValuePair.Create(fired.Key, (JsonNode?)fired.Value))),
            ["event_log_hash"] = all.EventLogHash,
        };
        if (all.FirstFailed is { } failed)
            json["first_violation"] = new JsonObject
            {
                ["seed"] = failed.Seed,
                ["story"] = failed.Violations[0],
                ["replay"] = $"cells chaos --seed {failed.Seed}",
            };
        return json;
    }
}
