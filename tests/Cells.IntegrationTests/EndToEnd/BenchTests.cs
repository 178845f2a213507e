using System.Text.Json.Nodes;
using NUnit.Framework;

namespace Cells.IntegrationTests.EndToEnd;

/// <summary>The benchmarks run to their end and count what they say they count. How fast they are is no test's business.</summary>
[NonParallelizable]
public sealed class BenchTests
{
    [Test]
    public async Task A_few_placements_are_measured_against_the_same_rows_written_bare()
    {
        var ended = await CellsUp.RunCellsAsync("bench", "placement", "--placements", "400", "--at-once", "64", "-o", "json");

        Assert.That(ended.Code, Is.Zero, $"{ended.Out}\n{ended.Error}");
        var result = JsonNode.Parse(ended.Out)!.AsObject();
        Assert.That(result["placements"]!.GetValue<int>(), Is.EqualTo(400));
        Assert.That(result["limit_per_s"]!.GetValue<double>(), Is.Positive);
        // Rows are counted, not timed. Housekeeping weighs more in a short run, so the bar of 18 is the benchmark's own.
        Assert.That(result["rows_per_placement"]!.GetValue<double>(), Is.InRange(8, 30));
        Assert.That(result["rows_per_table"]!["cells_global.instance_intent"]!.GetValue<double>(), Is.EqualTo(1).Within(0.1));
        Assert.That(result["rows_per_table"]!["cells_cell-1.claim"]!.GetValue<double>(), Is.EqualTo(3).Within(0.1));
    }

    [Test]
    public async Task A_few_requests_at_the_door_are_measured_at_their_rates()
    {
        var ended = await CellsUp.RunCellsAsync("bench", "api", "--hosts", "4", "--servers", "8", "--seconds", "2", "--creates", "5", "-o", "json");

        Assert.That(ended.Code, Is.Zero, $"{ended.Out}\n{ended.Error}");
        var result = JsonNode.Parse(ended.Out)!.AsObject();
        Assert.That((result["servers"]!.GetValue<int>(), result["show"]!["requests"]!.GetValue<int>(), result["detail"]!["requests"]!.GetValue<int>(), result["create"]!["requests"]!.GetValue<int>()),
            Is.EqualTo((8, 200, 4, 10)));
        foreach (var kind in new[] { "show", "detail", "create" })
            Assert.That(result[kind]!["p99_ms"]!.GetValue<double>(), Is.Positive.And.AtLeast(result[kind]!["p50_ms"]!.GetValue<double>()), kind);
        Assert.That(result["detail"]!["bytes"]!.GetValue<long>(), Is.GreaterThan(7 * result["show"]!["bytes"]!.GetValue<long>()), "all eight are in a list");
    }

    [Test]
    public async Task An_idle_tree_is_measured()
    {
        var ended = await CellsUp.RunCellsAsync("bench", "idle", "--hosts", "2", "--seconds", "3", "-o", "json");

        Assert.That(ended.Code, Is.Zero, $"{ended.Out}\n{ended.Error}");
        var result = JsonNode.Parse(ended.Out)!.AsObject();
        Assert.That(result["rss_mib_ours"]!.GetValue<long>(), Is.InRange(50, 4_000));
        Assert.That(result["cpu_percent_ours"]!.GetValue<double>(), Is.Not.Negative);
    }

    [Test]
    public async Task A_few_boots_and_deletes_are_measured()
    {
        var ended = await CellsUp.RunCellsAsync("bench", "boot", "--boots", "40", "--at-once", "16", "-o", "json");

        Assert.That(ended.Code, Is.Zero, $"{ended.Out}\n{ended.Error}");
        var result = JsonNode.Parse(ended.Out)!.AsObject();
        Assert.That(result["boots_per_s"]!.GetValue<double>(), Is.Positive);
        Assert.That(result["cpu_ms_per_boot"]!.GetValue<double>(), Is.Positive);
    }
}
