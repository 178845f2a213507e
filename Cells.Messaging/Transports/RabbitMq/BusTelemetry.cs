using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>What the bus tells operators, once per change. Numbers 1300-1399.</summary>
internal static partial class BusTelemetry
{
    private static readonly Meter s_meter = new(MessagingTelemetry.MeterName);

    public static readonly Counter<long> Published = s_meter.CreateCounter<long>(
        "cells.bus.published", unit: "{frame}", description: "Frames that a broker has confirmed.");

    public static readonly Counter<long> Dropped = s_meter.CreateCounter<long>(
        "cells.bus.dropped", unit: "{frame}", description: "Frames that were not sent, by reason; the link sends their content again.");

    [LoggerMessage(1300, LogLevel.Warning, "{Way}: {Problem}. It is tried again; what waits for it stays in the outbox")]
    public static partial void Lost(ILogger logger, string way, string problem);

    [LoggerMessage(1301, LogLevel.Information, "{Way}: the broker {Broker} is used")]
    public static partial void Open(ILogger logger, string way, string broker);

    [LoggerMessage(1302, LogLevel.Error, "{Way}: the connection to the broker failed in a way that is not known; it is made anew")]
    public static partial void Failed(ILogger logger, string way, Exception error);

    [LoggerMessage(1303, LogLevel.Warning, "{Way}: queue {Queue} was there with other bounds and was made anew; what waited in it comes again")]
    public static partial void Redeclared(ILogger logger, string way, string queue);

    [LoggerMessage(1350, LogLevel.Information, "Private RabbitMQ in {Directory} started: process {Pid}, port {Port}")]
    public static partial void BrokerStarted(ILogger logger, string directory, int pid, int port);

    [LoggerMessage(1351, LogLevel.Information, "Private RabbitMQ in {Directory} was still running and is taken over: process {Pid}, port {Port}")]
    public static partial void BrokerTakenOver(ILogger logger, string directory, int pid, int port);

    [LoggerMessage(1352, LogLevel.Information, "Private RabbitMQ in {Directory} is restarted: other cells or accounts are wanted")]
    public static partial void BrokerRestarted(ILogger logger, string directory);

    [LoggerMessage(1353, LogLevel.Warning, "Private RabbitMQ in {Directory} ended before it answered and is started again: {Complaint}")]
    public static partial void BrokerStartRetried(ILogger logger, string directory, string complaint);

    [LoggerMessage(1354, LogLevel.Information, "RabbitMQ is missing: installing Debian's package")]
    public static partial void InstallingRabbitMq(ILogger logger);

    public static void Drop(string reason, long frames = 1)
    {
        if (frames > 0)
            Dropped.Add(frames, new KeyValuePair<string, object?>("reason", reason));
    }
}
