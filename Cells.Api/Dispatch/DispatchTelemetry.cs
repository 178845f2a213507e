using System.Diagnostics.Metrics;
using Cells.Contracts;
using Microsoft.Extensions.Logging;

namespace Cells.Api.Dispatch;

/// <summary>What operators see of dispatch and index. Numbers 3300 to 3499.</summary>
internal static partial class DispatchTelemetry
{
    private static readonly Meter Meter = new("Cells.Api");

    private static readonly Counter<long> RefusedMessages = Meter.CreateCounter<long>(
        "cells.dispatch.refused", description: "Messages that were not accepted: foreign, stale, stale_epoch.");

    private static readonly Counter<long> ForeignRows = Meter.CreateCounter<long>(
        "cells.index.foreign_rows", description: "State rows from a link that may not speak of their subject.");

    public static void Refused(ILogger logger, CellName cell, string reason, string message, InstanceId instance, string from)
    {
        RefusedMessages.Add(1, new("cell", cell.Value), new("reason", reason));
        if (reason == Decision.Foreign)
            ForeignMessage(logger, cell, from, message, instance);
        else
            LateMessage(logger, cell, from, message, instance, reason);
    }

    public static void Foreign(ILogger logger, CellName cell, CellName link, string kind, string subject)
    {
        ForeignRows.Add(1, new("cell", cell.Value), new("link", link.Value));
        ForeignRow(logger, cell, link, kind, subject);
    }

    [LoggerMessage(3300, LogLevel.Warning, "{Cell}: {From} sent {Message} about instance {Instance}, whose dispatch does not lead there; it was refused")]
    private static partial void ForeignMessage(ILogger logger, CellName cell, string from, string message, InstanceId instance);

    [LoggerMessage(3301, LogLevel.Information, "{Cell}: {Message} from {From} about instance {Instance} came too late ({Reason}) and changed nothing")]
    private static partial void LateMessage(ILogger logger, CellName cell, string from, string message, InstanceId instance, string reason);

    [LoggerMessage(3302, LogLevel.Warning, "{Cell}: link {Link} sent a row of {Kind} {Subject}, which it may not speak of; the row was not taken")]
    private static partial void ForeignRow(ILogger logger, CellName cell, CellName link, string kind, string subject);

    [LoggerMessage(3303, LogLevel.Warning, "{Cell}: link {Link} sent a row of kind {Kind} ({Key}) that cannot be read; it was not taken: {Reason}")]
    public static partial void UnreadableRow(ILogger logger, CellName cell, CellName link, string kind, string key, string reason);

    [LoggerMessage(3304, LogLevel.Warning, "{Cell}: the database cannot take a change of instance {Instance} now ({Reason}); it is tried again in {Pause}")]
    public static partial void ChangeDelayed(ILogger logger, CellName cell, InstanceId instance, string reason, TimeSpan pause);

    [LoggerMessage(3305, LogLevel.Warning, "{Cell}: {What} could not be read ({Reason}); it is tried again in {Pause}")]
    public static partial void ReadDelayed(ILogger logger, CellName cell, string what, string reason, TimeSpan pause);

    [LoggerMessage(3306, LogLevel.Error, "{Cell}: {Message} from {Link} about instance {Instance} cannot be handled and is parked")]
    public static partial void CannotHandle(ILogger logger, Exception error, CellName cell, string message, string link, InstanceId instance);

    [LoggerMessage(3307, LogLevel.Information, "{Cell}: the link to {Child} began anew; {Open} open dispatches are driven again")]
    public static partial void DrivenAgain(ILogger logger, CellName cell, CellName child, int open);

    [LoggerMessage(3308, LogLevel.Warning, "{Cell}: no cell below is known as {Target}; what goes there under the key {Key} was dropped and comes again")]
    public static partial void NoWay(ILogger logger, CellName cell, CellName target, string key);

    [LoggerMessage(3309, LogLevel.Warning, "{Cell}: link {Link} asked for an image ticket for {Target}, which is not reached through it; it was refused")]
    public static partial void ForeignTicket(ILogger logger, CellName cell, CellName link, CellName target);

    [LoggerMessage(3310, LogLevel.Warning, "{Cell}: {Count} servers passed their deadline without a report of their end")]
    public static partial void Silent(ILogger logger, CellName cell, int count);

    [LoggerMessage(3311, LogLevel.Warning, "{Cell}: the database cannot take a page of state from {Link} now ({Reason}); it is tried again in {Pause}")]
    public static partial void PageDelayed(ILogger logger, CellName cell, CellName link, string reason, TimeSpan pause);
}
