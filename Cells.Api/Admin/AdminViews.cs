using Cells.Contracts;

namespace Cells.Api.Admin;

/// <summary>GET /cells/v1/cells: the tree below this cell, itself first. Shapes are described in docs/admin-api.md.</summary>
public sealed record CellList(IReadOnlyList<CellView> Cells);

/// <param name="Path">The names from this cell down, joined by '.': for people.</param>
/// <param name="Kind">api, routing, compute.</param>
/// <param name="Silent">The cell above it has not heard it; its figures are the last ones known.</param>
/// <param name="HeardSecondsAgo">How long ago the news about it came, in seconds; null when none came since this cell started. 0 for this cell.</param>
/// <param name="Capacity">What it and everything below can still take; only of this cell and its own children.</param>
public sealed record CellView(
    string Name,
    string? Parent,
    string Path,
    string Kind,
    int Hosts,
    int HostsUp,
    int Instances,
    bool Silent,
    double? HeardSecondsAgo,
    CapacityView? Capacity)
{
    /// <summary>The processes that run it together; null where there is only one, or none that says.</summary>
    public IReadOnlyList<NodeView>? Nodes { get; init; }
}

/// <param name="Leads">It has the cell's links and decides.</param>
/// <param name="Lives">It is there and its leader hears it; false for one that died and was not started again.</param>
/// <param name="Pools">Names of the pools that it was given.</param>
public sealed record NodeView(string Name, bool Leads, bool Lives, IReadOnlyList<string> Pools);

/// <summary>Sums over the healthy hosts below, within allocation ratios and reserves.</summary>
public sealed record CapacityView(
    long FreeVcpus, long FreeMemoryMib, long FreeLocalDiskBytes, long FreeSharedDiskBytes, int HostsCounted, int LargestVcpus, long LargestMemoryMib)
{
    public static CapacityView Of(CapacitySummary summary)
    {
        var vectors = summary.Groups.SelectMany(g => g.Vectors).ToList();
        var largest = vectors.Count == 0 ? default : vectors.MaxBy(v => (v.MemoryMib, v.Vcpus));
        return new CapacityView(
            vectors.Sum(v => (long)v.Vcpus * v.Hosts), vectors.Sum(v => v.MemoryMib * v.Hosts), vectors.Sum(v => v.LocalDiskBytes * v.Hosts),
            summary.SharedSrs.Sum(s => s.FreeBytes), vectors.Sum(v => v.Hosts), largest.Vcpus, largest.MemoryMib);
    }
}

/// <summary>GET /cells/v1/links: this cell's own links.</summary>
public sealed record LinkList(IReadOnlyList<LinkView> Links);

/// <summary>One link. Watermarks are of the present incarnations.</summary>
/// <param name="Kind">parent, child: what the neighbour is to this cell.</param>
/// <param name="Health">up, suspect, down.</param>
/// <param name="OutboxBacklog">Work given and not acknowledged.</param>
/// <param name="StateLag">Changes of this cell that the neighbour may lack.</param>
/// <param name="Refused">Frames that were not let in since the start.</param>
/// <param name="Problem">Why it cannot be used, for people.</param>
public sealed record LinkView(
    string Neighbour,
    string Kind,
    string Health,
    double? HeardSecondsAgo,
    long OutboxBacklog,
    long WorkOutWatermark,
    long WorkInWatermark,
    long StateOutWatermark,
    long StateInWatermark,
    long StateLag,
    int Parked,
    long Refused,
    string? Problem);

/// <summary>GET /cells/v1/parked-messages: work that could not be handled, with every later message of its key.</summary>
public sealed record ParkedList(IReadOnlyList<ParkedView> ParkedMessages);

/// <param name="Key">Messages of one key keep their order: later ones are parked behind the first.</param>
/// <param name="Name">Wire name of the message.</param>
public sealed record ParkedView(string Link, string Key, long Incarnation, long Number, string Name, string Reason, DateTimeOffset ParkedAt, string Cell);
