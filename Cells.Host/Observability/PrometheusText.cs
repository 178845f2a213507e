using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Cells.Host.Observability;

/// <summary>The meters in Prometheus' text format 0.0.4, made when they are asked for. Any thread; one at a time.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusText : BaseExporter<Metric>, IPullMetricExporter
{
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";
    private const int PatienceMs = 5_000;

    // Several collectors, and who asks twice: the second one gets what the first one made.
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1);
    private string _text = "";
    private long _madeAt = long.MinValue;

    /// <summary>Set by the reader that this exporter is given to.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>As they are now, or were at most a second ago. One thread works for it, however many ask.</summary>
    public async Task<string> ReadAsync(TimeProvider time, CancellationToken stop)
    {
        await _gate.WaitAsync(stop);
        try
        {
            if (_madeAt == long.MinValue || time.GetElapsedTime(_madeAt) > FreshFor)
            {
                await Task.Run(() => Collect?.Invoke(PatienceMs), stop);
                _madeAt = time.GetTimestamp();
            }
            return _text;
        }
        finally
        {
            _gate.Release();
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var text = new StringBuilder();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var metric in batch)
        {
            var name = NameOf(metric.Name, metric.Unit, metric.MetricType);
            // Two meters with one name: a second header would make the whole text invalid.
            if (seen.Add(name))
                text.Append("# HELP ").Append(name).Append(' ').Append(Escaped(metric.Description, quotes: false)).Append('\n')
                    .Append("# TYPE ").Append(name).Append(' ').Append(TypeOf(metric.MetricType)).Append('\n');
            foreach (ref readonly var point in metric.GetMetricPoints())
                Write(text, name, metric.MetricType, in point);
        }
        _text = text.ToString();
        return ExportResult.Success;
    }

    /// <summary>As OpenTelemetry names it for Prometheus: dots are underscores, units are words, a counter is a total.</summary>
    internal static string NameOf(string name, string unit, MetricType type)
    {
        var plain = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        var word = unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        return plain + (plain.EndsWith(word, StringComparison.Ordinal) ? "" : word) + (type is MetricType.LongSum or MetricType.DoubleSum ? "_total" : "");
    }

    private static string TypeOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.Histogram => "histogram",
        _ => "gauge",
    };

    private static void Write(StringBuilder text, string name, MetricType type, ref readonly MetricPoint point)
    {
        var labels = Labels(in point);
        switch (type)
        {
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                Line(text, name, labels, point.GetSumLong());
                break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                Line(text, name, labels, point.GetSumDouble());
                break;
            case MetricType.LongGauge:
                Line(text, name, labels, point.GetGaugeLastValueLong());
                break;
            case MetricType.DoubleGauge:
                Line(text, name, labels, point.GetGaugeLastValueDouble());
                break;
            case MetricType.Histogram:
                WriteHistogram(text, name, labels, in point);
                break;
        }
    }

    private static void WriteHistogram(StringBuilder text, string name, string labels, ref readonly MetricPoint point)
    {
        var below = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            below += bucket.BucketCount;
            var bound = double.IsPositiveInfinity(bucket.ExplicitBound) ? "+Inf" : bucket.ExplicitBound.ToString(CultureInfo.InvariantCulture);
            Line(text, name + "_bucket", labels + (labels.Length > 0 ? "," : "") + $"le=\"{bound}\"", below);
        }
        Line(text, name + "_sum", labels, point.GetHistogramSum());
        Line(text, name + "_count", labels, point.GetHistogramCount());
    }

    private static string Labels(ref readonly MetricPoint point)
    {
        var labels = new List<string>();
        foreach (var tag in point.Tags)
            labels.Add($"{string.Concat(tag.Key.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'))}=\"{Escaped(Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "", quotes: true)}\"");
        return string.Join(',', labels);
    }

    private static string Escaped(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static void Line(StringBuilder text, string name, string labels, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length > 0 ? $"{{{labels}}}" : "")} {value}\n");
}
