using System.Diagnostics.Metrics;

namespace Cells.Messaging.Storage;

/// <summary>What the committers of this process do, over all cells.</summary>
internal static class CommitterMeters
{
    private static readonly Meter s_meter = new(MessagingTelemetry.MeterName);

    private static readonly Counter<long> s_groups = s_meter.CreateCounter<long>(
        "cells.committer.groups", unit: "{group}", description: "Transactions of the committer, by how they ended.");

    private static readonly Histogram<int> s_size = s_meter.CreateHistogram<int>(
        "cells.committer.group.size", unit: "{change}", description: "Changes in one transaction.");

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram<double>(
        "cells.committer.group.duration", unit: "s", description: "From the group's begin to its known end.");

    private static readonly Counter<long> s_changes = s_meter.CreateCounter<long>(
        "cells.committer.changes", unit: "{change}", description: "Changes handed in that have ended, by outcome.");

    private static readonly UpDownCounter<long> s_waiting = s_meter.CreateUpDownCounter<long>(
        "cells.committer.waiting", unit: "{change}", description: "Changes handed in that have not ended yet.");

    public static void HandedIn() => s_waiting.Add(1);

    public static void Ended(CommitOutcome outcome)
    {
        s_waiting.Add(-1);
        s_changes.Add(1, new KeyValuePair<string, object?>("outcome", outcome.GetType().Name));
    }

    public static void Group(GroupResult result, int changes, TimeSpan duration)
    {
        s_groups.Add(1, new KeyValuePair<string, object?>("result", result.GetType().Name));
        s_size.Record(changes);
        s_duration.Record(duration.TotalSeconds);
    }
}
