using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Cells.Compute.Hosts;
using Cells.Contracts;

namespace Cells.Compute;

/// <summary>What the compute cells of this process count.</summary>
internal static class ComputeMeters
{
    private static readonly Meter s_meter = new("Cells.Compute");

    // As each cell's placer last told its parents.
    private static readonly ConcurrentDictionary<(CellName Cell, string Status), int> s_hosts = new();

    private static readonly Counter<long> s_placements = s_meter.CreateCounter<long>(
        "cells.placements", unit: "{instance}", description: "Builds that found a host, or none, by cell and outcome.");

    private static readonly Counter<long> s_removed = s_meter.CreateCounter<long>(
        "cells.placement.removed_hosts", unit: "{host}", description: "Hosts that a filter removed from choices that found none, by cell and filter.");

    private static readonly Histogram<double> s_calls = s_meter.CreateHistogram<double>(
        "cells.xenapi.call.duration", unit: "s", description: "XenAPI calls over pools' sessions, by method and outcome.");

    static ComputeMeters() => s_meter.CreateObservableGauge(
        "cells.hosts", () => s_hosts.Select(known => new Measurement<int>(known.Value, Tag("cell", known.Key.Cell.Value), Tag("status", known.Key.Status))),
        unit: "{host}", description: "Hosts by cell and health: up, suspect, down, maintenance.");

    /// <summary>A choice was made.</summary>
    public static void Chose(CellName cell, Explanation why)
    {
        s_placements.Add(1, Tag("cell", cell.Value), Tag("outcome", why.Chosen is null ? "refused" : "placed"));
        if (why.Chosen is not null || !s_removed.Enabled)
            return;
        foreach (var filter in why.Removed)
            s_removed.Add(filter.Count, Tag("cell", cell.Value), Tag("filter", filter.Filter));
    }

    public static void ShowHosts(CellName cell, IEnumerable<HostRecord> hosts)
    {
        var now = hosts.CountBy(host => host.Status, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        foreach (var status in s_hosts.Keys.Where(known => known.Cell == cell).Select(known => known.Status).Union(now.Keys, StringComparer.Ordinal).ToList())
            s_hosts[(cell, status)] = now.GetValueOrDefault(status);
    }

    public static void Called(string method, string outcome, TimeSpan duration) =>
        s_calls.Record(duration.TotalSeconds, Tag("rpc.method", method), Tag("outcome", outcome));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
