using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Cells.Host;

internal static class Loggers
{
    /// <summary>One line an event, on standard error: standard output is for what the command has to say.</summary>
    /// <param name="also">Where else they go; those are told everything from Information on.</param>
    public static ILoggerFactory ToStandardError(LogLevel least, Action<ILoggingBuilder>? also = null) => LoggerFactory.Create(l =>
    {
        // A line for each request and each step of it is for who looks for a fault of ours; the trace of a request is OTLP's.
        l.SetMinimumLevel(also is null || least < LogLevel.Information ? least : LogLevel.Information)
            .AddFilter<ConsoleLoggerProvider>(null, least)
            .AddFilter("Microsoft", least <= LogLevel.Debug ? LogLevel.Debug : LogLevel.Warning);
        also?.Invoke(l);
        AddConsole(l);
    });

    private static void AddConsole(ILoggingBuilder builder) => builder
        .AddSimpleConsole(c =>
        {
            c.SingleLine = true;
            c.UseUtcTimestamp = true;
            c.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
        })
        .Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
}
