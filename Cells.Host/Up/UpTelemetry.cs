using Microsoft.Extensions.Logging;

namespace Cells.Host.Up;

/// <summary>What `cells up` tells of the servers it started. Numbers 4000-4099.</summary>
internal static partial class UpTelemetry
{
    [LoggerMessage(4001, LogLevel.Warning, "The private {Server} in {Directory} has died; it is started again, and the cells go on from their rows")]
    public static partial void ServerDied(ILogger logger, string server, string directory);

    [LoggerMessage(4002, LogLevel.Warning, "The private {Server} runs again (process {Process}, port {Port})")]
    public static partial void ServerBack(ILogger logger, string server, int? process, int port);

    [LoggerMessage(4003, LogLevel.Error, "The private {Server} does not start: {Reason} It is tried again each second")]
    public static partial void ServerStaysDown(ILogger logger, string server, string reason);
}
