using System.CommandLine;
using Cells.Contracts;
using OpenTelemetry.Exporter;

namespace Cells.Host.Observability;

/// <summary>An OpenTelemetry collector that takes OTLP over HTTP (protobuf).</summary>
/// <param name="Base">Without the signals' paths.</param>
internal sealed record OtlpTarget(Uri Base)
{
    /// <summary>OpenTelemetry's own variable, for who has no command line.</summary>
    private const string Variable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static Option<string?> Option() => new("--otlp")
    {
        Description = $"URL of an OpenTelemetry collector (OTLP over HTTP, such as http://127.0.0.1:4318) for traces, metrics and logs; also {Variable}.",
    };

    /// <returns>Null when neither the option nor the variable names one.</returns>
    /// <exception cref="CellsException">It is no such URL.</exception>
    public static OtlpTarget? Read(string? option)
    {
        var (text, from) = string.IsNullOrEmpty(option) ? (Environment.GetEnvironmentVariable(Variable), Variable) : (option, "--otlp");
        if (string.IsNullOrEmpty(text))
            return null;
        return Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? new OtlpTarget(url)
            : throw new CellsException($"{from} '{text}' is not the URL of a collector, such as http://127.0.0.1:4318.");
    }

    /// <param name="signal">traces, metrics or logs.</param>
    public void Apply(OtlpExporterOptions options, string signal)
    {
        options.Endpoint = new Uri(Base, $"v1/{signal}");
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
    }
}
