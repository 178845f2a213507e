using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Cells.Host;

internal static class Loggers
{
    /// <summary>One line an event, on standard error: standard output is for what the command has to say.</summary>
    public static ILoggerFactory ToStandardError(LogLevel least) => LoggerFactory.Create(l => l
        .SetMinimumLevel(least)
        .AddSimpleConsole(c =>
        {
            c.SingleLine = true;
            c.UseUtcTimestamp = true;
            c.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
        })
        .Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace));
}
