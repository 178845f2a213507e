using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Cells.Host.Observability;
using NUnit.Framework;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Cells.UnitTests.Host.Observability;

public sealed partial class PrometheusTextTests
{
    [Test]
    public async Task Counters_gauges_and_histograms_are_written_as_prometheus_reads_them()
    {
        using var meter = new Meter($"Test.{nameof(PrometheusTextTests)}");
        var exporter = new PrometheusText();
        using var provider = Sdk.CreateMeterProviderBuilder().AddMeter(meter.Name)
            .AddView("test.call.duration", new ExplicitBucketHistogramConfiguration { Boundaries = [0.1, 1] })
            .AddReader(new BaseExportingMetricReader(exporter)).Build();
        meter.CreateCounter<long>("test.things", "{thing}", "Things, \"quoted\".").Add(3, new KeyValuePair<string, object?>("kind", "a\"b\\c"));
        meter.CreateObservableGauge("test.depth", () => 2.5);
        var calls = meter.CreateHistogram<double>("test.call.duration", "s");
        foreach (var seconds in new[] { 0.05, 0.5, 5 })
            calls.Record(seconds);

        var text = await exporter.ReadAsync(TimeProvider.System, CancellationToken.None);

        Assert.That(text, Does.Contain("# TYPE test_things_total counter\ntest_things_total{kind=\"a\\\"b\\\\c\"} 3\n"));
        Assert.That(text, Does.Contain("# TYPE test_depth gauge\ntest_depth 2.5\n"));
        Assert.That(text, Does.Contain(
            "# TYPE test_call_duration_seconds histogram\ntest_call_duration_seconds_bucket{le=\"0.1\"} 1\ntest_call_duration_seconds_bucket{le=\"1\"} 2\n"
            + "test_call_duration_seconds_bucket{le=\"+Inf\"} 3\ntest_call_duration_seconds_sum 5.55\ntest_call_duration_seconds_count 3\n"));
        Assert.That(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !Line().IsMatch(line)), Is.Empty);
        Assert.That(await exporter.ReadAsync(TimeProvider.System, CancellationToken.None), Is.EqualTo(text), "asked again, the same is told");
    }

    [GeneratedRegex("""^(# (HELP|TYPE) [a-z_0-9]+ .*|[a-zA-Z_][a-zA-Z0-9_]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*")*\})? [0-9.eE+-]+)$""")]
    private static partial Regex Line();
}
