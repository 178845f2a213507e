using Cells.Contracts;
using Cells.Messaging;
using Cells.Messaging.Links;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Cells.Host.Observability;

/// <summary>
/// What a process shows of itself (docs/operator/observability.md): metrics at the door always; traces, metrics and logs to a collector when one is
/// named. Without a collector nobody listens to spans, and none is made.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    private const int ExportMetricsEveryMs = 15_000;

    // Seconds: from a call on the loopback to a disk that is copied.
    private static readonly double[] Durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
    private static readonly double[] Sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500];

    private readonly PrometheusText _prometheus = new();
    private readonly CellGauges _gauges = new();
    private readonly MeterProvider _meters;
    private readonly TracerProvider? _traces;
    private readonly ResourceBuilder _resource;
    private readonly OtlpTarget? _target;

    /// <param name="instance">Of the data directory: the same at each start.</param>
    public Telemetry(OtlpTarget? target, Guid instance)
    {
        _target = target;
        _resource = ResourceBuilder.CreateEmpty().AddService("cells", serviceInstanceId: instance.ToString("D")).AddTelemetrySdk().AddEnvironmentVariableDetector();
        var meters = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(_resource)
            .AddMeter("Cells.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Npgsql")
            .AddView(i => i.Name.EndsWith("duration", StringComparison.Ordinal) ? new ExplicitBucketHistogramConfiguration { Boundaries = Durations }
                : i.Name.EndsWith("size", StringComparison.Ordinal) ? new ExplicitBucketHistogramConfiguration { Boundaries = Sizes }
                : null)
            .AddReader(new BaseExportingMetricReader(_prometheus));
        if (target is not null)
        {
            meters.AddOtlpExporter((exporter, reader) =>
            {
                target.Apply(exporter, "metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = ExportMetricsEveryMs;
            });
            _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(_resource)
                .AddSource(Traces.SourceName, "Microsoft.AspNetCore")
                .AddOtlpExporter(exporter => target.Apply(exporter, "traces"))
                .Build();
        }
        _meters = meters.Build();
    }

    /// <summary>Adds the collector to a logger factory; null when there is none.</summary>
    public Action<ILoggingBuilder>? Logs => _target is null ? null : logging => logging.AddOpenTelemetry(options =>
    {
        options.SetResourceBuilder(_resource);
        options.IncludeFormattedMessage = true;
        options.AddOtlpExporter(exporter => _target.Apply(exporter, "logs"));
    });

    /// <summary>From here on the links of these cells are measured.</summary>
    /// <param name="cells">Those of the process, as they are when somebody asks.</param>
    public void Show(IReadOnlyList<CellRuntime> cells) => _gauges.Show(cells);

    /// <summary>Serves <c>/metrics</c>, <c>/livez</c> and <c>/readyz</c> at the door.</summary>
    /// <param name="home">The cell whose door it is: it alone is judged.</param>
    /// <param name="links">Of that cell, while this process leads it.</param>
    /// <param name="token">What a collector on another machine has to say, as a bearer token; who asks from this machine needs none.</param>
    public void Map(WebApplication door, CellGround home, Func<IReadOnlyList<LinkStatus>> links, string token, TimeProvider time)
    {
        var health = new Health(home, links, time);
        var guard = new MetricsGuard(token);
        Serve("/metrics", async http => guard.Lets(http.Connection.RemoteIpAddress, http.Request.Headers.Authorization)
            ? (200, await _prometheus.ReadAsync(time, http.RequestAborted))
            : (401, MetricsGuard.Refusal), PrometheusText.MediaType);
        Serve("/livez", _ => Task.FromResult((200, "ok\n")), Plain);
        Serve("/readyz", async http =>
        {
            var checks = await health.CheckAsync(http.RequestAborted);
            return (Health.IsReady(checks) ? 200 : 503, Health.Text(checks, http.Request.Query.ContainsKey("verbose")));
        }, Plain);

        void Serve(string path, Func<HttpContext, Task<(int Status, string Text)>> answer, string mediaType) => door.MapMethods(path, ["GET", "HEAD"], async http =>
        {
            var (status, text) = await answer(http);
            (http.Response.StatusCode, http.Response.ContentType) = (status, status == 401 ? Plain : mediaType);
            if (status == 401)
                http.Response.Headers.WWWAuthenticate = "Bearer";
            if (http.Request.Method == "GET")
                await http.Response.WriteAsync(text, http.RequestAborted);
        });
    }

    /// <summary>Sends what is left.</summary>
    public void Dispose()
    {
        _traces?.Dispose();
        _meters.Dispose();
        _gauges.Dispose();
    }

    private const string Plain = "text/plain; charset=utf-8";
}
