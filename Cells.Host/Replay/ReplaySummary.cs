using System.Text.Json.Serialization;

namespace Cells.Host.Replay;

/// <summary>How a replay ended. Times in milliseconds, memory in MiB.</summary>
/// <param name="Requests">Creates and deletes sent.</param>
/// <param name="Accepted">Creates answered 202.</param>
/// <param name="Placed">Accepted creates that were seen ACTIVE, or got a host and were deleted by the trace before.</param>
/// <param name="Failed">Creates that ended otherwise, by reason.</param>
/// <param name="Unsettled">Servers neither placed nor refused with a reason when the replay stopped waiting: 0 in a healthy tree.</param>
/// <param name="SettleSeconds">From the last request until every server was settled.</param>
/// <param name="Late">How long after its moment in the trace a request was sent; 0 without a pace.</param>
/// <param name="Timeline">The run in intervals of one width.</param>
internal sealed record ReplaySummary(
    [property: JsonPropertyName("requests")] int Requests,
    [property: JsonPropertyName("creates")] int Creates,
    [property: JsonPropertyName("deletes")] int Deletes,
    [property: JsonPropertyName("accepted")] int Accepted,
    [property: JsonPropertyName("placed")] int Placed,
    [property: JsonPropertyName("deleted")] int Deleted,
    [property: JsonPropertyName("failed")] SortedDictionary<string, int> Failed,
    [property: JsonPropertyName("unsettled")] int Unsettled,
    [property: JsonPropertyName("wall_s")] double WallSeconds,
    [property: JsonPropertyName("settle_s")] double SettleSeconds,
    [property: JsonPropertyName("late_ms")] Latency Late,
    [property: JsonPropertyName("accept_ms")] Latency Accept,
    [property: JsonPropertyName("active_ms")] Latency Active,
    [property: JsonPropertyName("cells")] IReadOnlyList<CellFill> Cells,
    [property: JsonPropertyName("timeline")] IReadOnlyList<Interval> Timeline);

internal sealed record Latency(
    [property: JsonPropertyName("p50")] double P50,
    [property: JsonPropertyName("p95")] double P95,
    [property: JsonPropertyName("p99")] double P99)
{
    public static Latency Of(Percentiles p) => new(Math.Round(p.At(50), 2), Math.Round(p.At(95), 2), Math.Round(p.At(99), 2));
}

/// <summary>What a compute cell's claims hold of its hosts when the replay ended.</summary>
internal sealed record CellFill(
    [property: JsonPropertyName("cell")] string Cell,
    [property: JsonPropertyName("hosts")] int Hosts,
    [property: JsonPropertyName("instances")] int Instances,
    [property: JsonPropertyName("vcpus")] long Vcpus,
    [property: JsonPropertyName("vcpus_capacity")] long VcpusCapacity,
    [property: JsonPropertyName("memory_mib")] long MemoryMib,
    [property: JsonPropertyName("memory_mib_capacity")] long MemoryMibCapacity)
{
    /// <summary>Of its memory, which is what fills first with most workloads.</summary>
    [JsonIgnore]
    public double Percent => MemoryMibCapacity == 0 ? 0 : 100.0 * MemoryMib / MemoryMibCapacity;
}
