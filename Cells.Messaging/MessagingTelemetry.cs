using System.Diagnostics.Metrics;
using Cells.Messaging.Actors;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging;

/// <summary>Log events and meters of this project. Numbers: actors 1000-1099.</summary>
internal static partial class MessagingTelemetry
{
    internal const string MeterName = "Cells.Messaging";

    private static readonly Meter s_meter = new(MeterName);

    // By reason and message type, not by actor: actors are too many for a time series each. The admin API shows the full counts.
    private static readonly Counter<long> s_deadLetters = s_meter.CreateCounter<long>(
        "cells.actors.dead_letters", unit: "{message}", description: "Messages that no actor handled.");

    [LoggerMessage(1000, LogLevel.Error, "Actor {Actor} failed on {During}; {Verdict}")]
    internal static partial void ActorFailed(ILogger logger, ActorPath actor, string during, SupervisorStrategy.Verdict verdict, Exception error);

    [LoggerMessage(1001, LogLevel.Error, "Actor {Actor} failed on {During} while it was failed or ending already")]
    internal static partial void ActorFailedAgain(ILogger logger, ActorPath actor, string during, Exception error);

    [LoggerMessage(1002, LogLevel.Error, "Actor {Actor}: {Hook} threw; its end goes on")]
    internal static partial void ActorHookFailed(ILogger logger, ActorPath actor, string hook, Exception error);

    [LoggerMessage(1003, LogLevel.Critical, "Actor system {System} terminates: a failure reached the top of its tree")]
    internal static partial void SystemFailed(ILogger logger, string system, Exception error);

    [LoggerMessage(1010, LogLevel.Warning, "Dead letter: {MessageType} to {Recipient} ({Reason}), {Count} of this kind so far")]
    internal static partial void DeadLetter(ILogger logger, ActorPath recipient, string messageType, DeadLetterReason reason, long count);

    [LoggerMessage(1020, LogLevel.Information, "{System} shuts down: {Reason}")]
    internal static partial void ShutdownBegins(ILogger logger, string system, string reason);

    [LoggerMessage(1021, LogLevel.Warning, "{System}: shutdown task {Task} of phase {Phase} was not done after {Timeout} and is left behind")]
    internal static partial void ShutdownTaskLate(ILogger logger, string system, string phase, string task, TimeSpan timeout);

    [LoggerMessage(1022, LogLevel.Warning, "{System}: shutdown task {Task} of phase {Phase} failed; the shutdown goes on")]
    internal static partial void ShutdownTaskFailed(ILogger logger, string system, string phase, string task, Exception error);

    internal static void CountDeadLetter(DeadLetter letter) => s_deadLetters.Add(
        1,
        new KeyValuePair<string, object?>("reason", letter.Reason),
        new KeyValuePair<string, object?>("message.type", letter.Message.GetType().Name));
}
