using Cells.Contracts.Wire;

namespace Cells.Contracts.Messages;

/// <summary>News (not stored, the latest wins): what a child can take and whom one reaches through it.</summary>
/// <param name="Reaches">Names of the sending cell and of every cell below it, with the parent each hangs under.</param>
[WireName("cell.news.v1")]
public sealed record CellNews(CellName Cell, CellKind Kind, CapacitySummary Capacity, IReadOnlyList<ReachedCell> Reaches);

/// <param name="Parent">The cell above it on this way; null for the sender of the news itself.</param>
/// <param name="HostsUp">Hosts in health up; 0 for cells without hosts.</param>
/// <param name="Silent">True when the cell above it has not heard it (its figures are then the last ones known).</param>
public sealed record ReachedCell(CellName Cell, CellName? Parent, CellKind Kind, int Hosts, int HostsUp, int Instances, bool Silent)
{
    /// <summary>When this was said: seconds since what it tells was told by the cell itself, over every hop; null from a cell that does not say, and for one never heard.</summary>
    public double? SecondsSinceHeard { get; init; }

    /// <summary>The processes that run the cell together, by name; null where there is only one, or none that says.</summary>
    public IReadOnlyList<CellNode>? Nodes { get; init; }
}

/// <summary>One process of several that run a cell.</summary>
/// <param name="Leads">It has the links and decides.</param>
/// <param name="Lives">Its lease is renewed, and the leader hears it. One that ended in order is not told of at all.</param>
/// <param name="Pools">What it was given, by name.</param>
public sealed record CellNode(string Name, bool Leads, bool Lives, IReadOnlyList<string> Pools);

/// <summary>What a cell is for. Numbers are stored and sent.</summary>
public enum CellKind
{
    /// <summary>REST, identity, images, quotas, index; routes to cells below.</summary>
    Api = 1,

    /// <summary>Routes only: an API cell without a door.</summary>
    Routing = 2,

    /// <summary>Pools and hosts.</summary>
    Compute = 3,
}

/// <summary>State lane, kind "host": a host as its compute cell last committed it. The change number of the sender orders copies.</summary>
/// <param name="Generation">Rises with every change of the row.</param>
/// <param name="Status">up, suspect, down, maintenance.</param>
/// <param name="PromisedMemoryMib">Sum of our claims; <paramref name="OutsideMemoryMib"/> is what others use there.</param>
public sealed record HostRow(
    HostId Host,
    CellName Cell,
    PoolId Pool,
    string Name,
    string Address,
    long Generation,
    string Status,
    int Vcpus,
    long MemoryMib,
    int PromisedVcpus,
    long PromisedMemoryMib,
    long OutsideMemoryMib,
    long SrBytes,
    long PromisedSrBytes,
    int Instances,
    DateTimeOffset UpdatedAt)
{
    /// <summary>Whether the hypervisor itself takes new VMs; null from a cell that does not say.</summary>
    public bool? Enabled { get; init; }

    /// <summary>The availability zone that the cell places by; null from a cell that does not say.</summary>
    public string? Zone { get; init; }

    /// <summary>The proof that counts for its cell that the host runs nothing; null when there is none, or from a cell that does not say.</summary>
    public FenceWord? Fence { get; init; }

    /// <summary>How far it has come with its drain; null while it is not drained, and from a cell that does not say.</summary>
    public HostDrain? Drain { get; init; }

    /// <summary>Up to which number the cell follows what operators said of the host; null for nothing (<see cref="ConfigureHost"/>).</summary>
    public long? SettingNumber { get; init; }
}
