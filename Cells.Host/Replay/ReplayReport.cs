using System.Globalization;
using System.Text;

namespace Cells.Host.Replay;

/// <summary>A replay told in Markdown, with plots of characters: nothing else is needed to read it.</summary>
internal static class ReplayReport
{
    /// <param name="trace">The file's name.</param>
    /// <param name="speed">Times real; 0: as fast as accepted.</param>
    public static string Of(string trace, double speed, ReplaySummary s)
    {
        var (intervals, text) = (s.Timeline, new StringBuilder());
        var width = intervals[0].Seconds;
        var pace = speed > 0 ? string.Create(CultureInfo.InvariantCulture, $"at {speed:0.##} times its pace") : "as fast as the tree accepted";
        Line($"# Replay of {trace}, {pace}");
        Line();
        Line(string.Create(CultureInfo.InvariantCulture, $"{s.Creates} creates and {s.Deletes} deletes in {s.WallSeconds:0.0} s; {(s.Unsettled == 0 ? "every server was settled" : $"{s.Unsettled} servers were not settled")} {s.SettleSeconds:0.0} s after the last one."));
        Line();
        Table(["creates", "accepted", "placed", "not placed", "unsettled", "deleted"], [[$"{s.Creates}", $"{s.Accepted}", $"{s.Placed}", $"{s.Failed.Values.Sum()}", $"{s.Unsettled}", $"{s.Deleted}"]]);
        Table(["milliseconds", "p50", "p95", "p99"], [
            Of("request sent later than the trace has it", s.Late), Of("create answered", s.Accept), Of("create to running (looked at every 250 ms)", s.Active)]);
        Plot($"Creates sent, per {TextPlot.Time(width)}", TextPlot.Columns([.. intervals.Select(i => (double)i.Creates)], width));
        Plot("Servers whose create was sent and whose fate was not known, at the end of each interval", TextPlot.Columns([.. intervals.Select(i => (double)i.Waiting)], width));
        Plot("Create answered, ms: p50 full, p99 hatched", TextPlot.Spans([.. intervals.Select(i => (i.Accept.P50, i.Accept.P99))], width));
        Plot("Create to running, ms: p50 full, p99 hatched", TextPlot.Spans([.. intervals.Select(i => (i.Active.P50, i.Active.P99))], width));
        Plot("Memory promised in each cell, of 100 %", [.. s.Cells.Select(c => Fill(c, intervals))]);
        Line("## Not placed");
        Line();
        if (s.Failed.Count == 0)
        {
            Line("None.");
            Line();
        }
        else
        {
            Table(["servers", "reason"], s.Failed.OrderByDescending(f => f.Value).ThenBy(f => f.Key, StringComparer.Ordinal).Select(f => new[] { $"{f.Value}", f.Key }));
            Plot($"Not placed, per {TextPlot.Time(width)}", TextPlot.Columns([.. intervals.Select(i => (double)i.Refused)], width));
        }
        Line("## At the end");
        Line();
        Table(["cell", "hosts", "instances", "vCPU", "memory MiB", "memory"], s.Cells.Select(c => new[]
        {
            c.Cell, $"{c.Hosts}", $"{c.Instances}", $"{c.Vcpus}/{c.VcpusCapacity}", $"{c.MemoryMib}/{c.MemoryMibCapacity}", Percent(c.Percent),
        }));
        Line("## Every interval");
        Line();
        Table(["from", "creates", "deletes", "waiting", "not placed", "answered p50", "p99", "running p50", "p99", .. s.Cells.Select(c => $"{c.Cell} %")], intervals.Select(i => (string[])
        [
            TextPlot.Time(i.FromSeconds), $"{i.Creates}", $"{i.Deletes}", $"{i.Waiting}", $"{i.Refused}", Ms(i.Accept.P50), Ms(i.Accept.P99), Ms(i.Active.P50), Ms(i.Active.P99),
            .. s.Cells.Select(c => i.Fill.TryGetValue(c.Cell, out var percent) ? percent.ToString("0.0", CultureInfo.InvariantCulture) : "-"),
        ]));
        return text.ToString().TrimEnd() + "\n";

        void Line(string line = "") => text.Append(line).Append('\n');

        void Plot(string title, IReadOnlyList<string> lines)
        {
            Line($"## {title}");
            Line();
            Line($"```\n{string.Join('\n', lines)}\n```");
            Line();
        }

        void Table(IReadOnlyList<string> titles, IEnumerable<string[]> rows)
        {
            Line($"| {string.Join(" | ", titles)} |");
            Line($"|{string.Concat(titles.Select(_ => "---|"))}");
            foreach (var row in rows)
                Line($"| {string.Join(" | ", row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |");
            Line();
        }
    }

    private static string[] Of(string what, Latency latency) => [what, Ms(latency.P50), Ms(latency.P95), Ms(latency.P99)];

    private static string Fill(CellFill cell, IReadOnlyList<Interval> intervals) =>
        $"{cell.Cell,-16} {TextPlot.Line(intervals.Select(i => i.Fill.GetValueOrDefault(cell.Cell)), 100)}  {Percent(cell.Percent)}";

    /// <summary>Nothing is measured as 0.</summary>
    private static string Ms(double milliseconds) => milliseconds == 0 ? "-" : milliseconds.ToString(milliseconds < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{percent:0.0} %");
}
