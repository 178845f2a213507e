using Cells.Contracts;
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

    [LoggerMessage(4012, LogLevel.Information, "The door of {Cell} is open at {Url}")]
    public static partial void DoorOpen(ILogger logger, CellName cell, string url);

    [LoggerMessage(4011, LogLevel.Warning, "Another process is node {Node} of {Cell}, or was seconds ago; this one waits. When both shall run, give one another name with --node")]
    public static partial void NodeNameTaken(ILogger logger, NodeName node, CellName cell);

    [LoggerMessage(4010, LogLevel.Information, "{Cell}: another process runs this cell, or did seconds ago; this one stands by until its lease is free")]
    public static partial void StandsBy(ILogger logger, CellName cell);
}
