using System.Diagnostics.Metrics;
using Cells.Contracts;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Links;

/// <summary>What the links tell operators. Numbers 1200-1299.</summary>
internal static partial class LinkTelemetry
{
    private static readonly Meter s_meter = new(MessagingTelemetry.MeterName);

    public static readonly Counter<long> Refused = s_meter.CreateCounter<long>(
        "cells.links.refused", unit: "{frame}", description: "Frames that were not let in, by reason.");

    public static readonly Counter<long> WorkSent = s_meter.CreateCounter<long>(
        "cells.links.work_sent", unit: "{message}", description: "Work messages sent, those sent again included.");

    public static readonly Counter<long> WorkReceived = s_meter.CreateCounter<long>(
        "cells.links.work_received", unit: "{message}", description: "Work messages that came for the first time.");

    public static readonly Counter<long> StateRowsSent = s_meter.CreateCounter<long>(
        "cells.links.state_rows_sent", unit: "{row}", description: "Rows sent by the state lane, those sent again included.");

    [LoggerMessage(1200, LogLevel.Information, "{Cell}: link to {Neighbour} is agreed (out incarnation {Out}, in {In})")]
    public static partial void Agreed(ILogger logger, CellName cell, CellName neighbour, long @out, long @in);

    [LoggerMessage(1201, LogLevel.Warning, "{Cell}: neighbour {Neighbour} has missed three heartbeats; it is asked directly")]
    public static partial void Suspect(ILogger logger, CellName cell, CellName neighbour);

    [LoggerMessage(1202, LogLevel.Warning, "{Cell}: neighbour {Neighbour} does not answer; it gets no new work, and what it last told is shown with its age")]
    public static partial void Down(ILogger logger, CellName cell, CellName neighbour);

    [LoggerMessage(1203, LogLevel.Information, "{Cell}: neighbour {Neighbour} is heard again")]
    public static partial void Up(ILogger logger, CellName cell, CellName neighbour);

    [LoggerMessage(1210, LogLevel.Warning, "{Cell}: {Count} frames on the way from {Neighbour} were refused in the last second, the last one because of {Reason}")]
    public static partial void FramesRefused(ILogger logger, CellName cell, CellName neighbour, long count, FrameRefusal reason);

    [LoggerMessage(1211, LogLevel.Error, "{Cell}: link to {Neighbour} cannot be used. {Problem}")]
    public static partial void Unusable(ILogger logger, CellName cell, CellName neighbour, string problem);

    [LoggerMessage(1212, LogLevel.Warning, "{Cell}: a frame came from {Sender}, which is no neighbour; it was dropped. Is the topology the same at both ends?")]
    public static partial void NoNeighbour(ILogger logger, CellName cell, CellName sender);

    [LoggerMessage(1220, LogLevel.Warning,
        "{Cell}: the link to {Neighbour} begins incarnation {Incarnation}: {Reason}. Nothing is applied until both agree; then open work is driven again and state is sent from the start")]
    public static partial void Begins(ILogger logger, CellName cell, CellName neighbour, long incarnation, string reason);

    [LoggerMessage(1221, LogLevel.Information, "{Cell}: takes incarnation {Incarnation} of {Neighbour}")]
    public static partial void Adopts(ILogger logger, CellName cell, CellName neighbour, long incarnation);

    [LoggerMessage(1230, LogLevel.Error,
        "{Cell}: work {Number} ({WireName}) of {Neighbour} could not be handled and is parked with every later message of {Key}: {Reason} Others pass. Look with `cells link parked list`, then retry or drop it")]
    public static partial void Parked(ILogger logger, CellName cell, CellName neighbour, long number, string wireName, string key, string reason);

    [LoggerMessage(1231, LogLevel.Information, "{Cell}: messages of {Key} of {Neighbour} pass again: none is parked any more")]
    public static partial void KeyFree(ILogger logger, CellName cell, CellName neighbour, string key);

    [LoggerMessage(1232, LogLevel.Warning, "{Cell}: parked work {Number} ({WireName}) of {Neighbour} failed again: {Reason}")]
    public static partial void RetryFailed(ILogger logger, CellName cell, CellName neighbour, long number, string wireName, string reason);

    [LoggerMessage(1233, LogLevel.Warning, "{Cell}: {What} of {Neighbour} was not answered by the router within {Silence}; it is given again")]
    public static partial void GivenAgain(ILogger logger, CellName cell, CellName neighbour, string what, TimeSpan silence);

    [LoggerMessage(1240, LogLevel.Warning, "{Cell}: the database did not take {What} of the link to {Neighbour}; it is tried again: {Reason}")]
    public static partial void NotCommitted(ILogger logger, CellName cell, CellName neighbour, string what, string reason);

    [LoggerMessage(1241, LogLevel.Warning, "{Cell}: {What} for the link to {Neighbour} could not be read; it is tried again")]
    public static partial void NotRead(ILogger logger, CellName cell, CellName neighbour, string what, Exception error);
}
