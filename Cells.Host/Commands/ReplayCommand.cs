using System.CommandLine;
using System.Text.Json;
using Cells.Contracts;
using Cells.Host.Clients;
using Cells.Host.Replay;
using Spectre.Console;

namespace Cells.Host.Commands;

/// <summary>`cells replay TRACE`: the requests of a recorded workload, sent to a running tree.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var trace = new Argument<string>("trace") { Description = "CSV file, plain or gzip (columns: t_s,batch,vcpus,mem_gib,life_lo_s,life_hi_s,censored)." };
        var speed = new Option<double>("--speed") { Description = "Times real; 0 sends as fast as the tree accepts.", DefaultValueFactory = _ => 100 };
        var limit = new Option<int>("--limit") { Description = "Send at most so many requests (creates and deletes).", DefaultValueFactory = _ => int.MaxValue };
        var report = new Option<string?>("--report") { Description = "Write the run as Markdown with plots to this file." };
        var reach = new Reach();
        var output = CommandLine.OutputOption();
        var command = new Command("replay", "Drive a running tree with the requests of a real trace.") { trace, speed, limit, report, output };
        reach.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            var (times, most) = (parsed.GetValue(speed), parsed.GetValue(limit));
            if (times < 0 || !double.IsFinite(times))
                throw new CellsException($"--speed must be 0 (as fast as accepted) or more, not {times}.");
            if (most < 1)
                throw new CellsException($"--limit must be at least 1, not {most}.");
            var events = TraceEvent.InOrder(TraceRow.Read(parsed.GetValue(trace)!), most).ToList();
            using var cloud = await reach.EnterAsync(parsed, stop);
            var summary = await RunAsync(cloud, times, events, stop);
            if (parsed.GetValue(report) is { } file)
                await WriteReportAsync(file, ReplayReport.Of(Path.GetFileName(parsed.GetValue(trace)!), times, summary), stop);
            if (parsed.GetValue(output) == "json")
                Console.WriteLine(JsonSerializer.Serialize(summary, Pretty.Json));
            else
                Print(summary);
            return summary.Unsettled == 0 ? 0 : 1;
        });
        return command;
    }

    /// <summary>The figures are shown whether or not the file can be written: a long run is not lost for a wrong name.</summary>
    private static async Task WriteReportAsync(string file, string text, CancellationToken stop)
    {
        try
        {
            await File.WriteAllTextAsync(file, text, stop);
            await Console.Error.WriteLineAsync($"the report is in {file}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"cells: the report could not be written: {error.Message}");
        }
    }

    private static async Task<ReplaySummary> RunAsync(CloudClient cloud, double speed, List<TraceEvent> events, CancellationToken stop)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn()).StartAsync(async shown =>
        {
            var creates = events.Count(e => !e.IsDelete);
            var sent = shown.AddTask("requests sent", maxValue: events.Count);
            var settled = shown.AddTask("servers settled", maxValue: creates);
            var run = new ReplayRun(cloud, SystemTime.Provider, speed, p =>
            {
                sent.Value = p.Creates + p.Deletes;
                settled.Value = p.Settled;
            });
            return await run.RunAsync(events, stop);
        });
    }

    private static void Print(ReplaySummary s)
    {
        Console.WriteLine($"{s.Creates} creates and {s.Deletes} deletes in {s.WallSeconds:0.0} s: {s.Accepted} accepted, {s.Placed} placed, {s.Deleted} deleted again, {s.Unsettled} unsettled");
        foreach (var (reason, count) in s.Failed)
            Console.WriteLine($"  {count,6} not placed: {reason}");
        Console.WriteLine($"settled         {s.SettleSeconds:0.0} s after the last request; requests sent late by ms p50 {s.Late.P50:0}  p99 {s.Late.P99:0}");
        Console.WriteLine($"accepted in ms  p50 {s.Accept.P50:0.0}  p95 {s.Accept.P95:0.0}  p99 {s.Accept.P99:0.0}");
        Console.WriteLine($"active in ms    p50 {s.Active.P50:0}  p95 {s.Active.P95:0}  p99 {s.Active.P99:0}   (seen by polling each 250 ms)");
        var table = new Table().Border(TableBorder.Minimal).AddColumns("cell", "hosts", "instances", "vCPU", "memory MiB", "fill");
        foreach (var c in s.Cells)
            table.AddRow(Markup.Escape(c.Cell), $"{c.Hosts}", $"{c.Instances}", $"{c.Vcpus}/{c.VcpusCapacity}", $"{c.MemoryMib}/{c.MemoryMibCapacity}",
                c.MemoryMibCapacity == 0 ? "-" : $"{100.0 * c.MemoryMib / c.MemoryMibCapacity:0.0} % memory, {100.0 * c.Vcpus / Math.Max(1, c.VcpusCapacity):0.0} % vCPU");
        AnsiConsole.Write(table);
    }
}
