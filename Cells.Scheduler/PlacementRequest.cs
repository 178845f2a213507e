using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Scheduler.Capacity;

namespace Cells.Scheduler;

/// <summary>What one decision must find room for.</summary>
/// <param name="Need">vCPUs, and memory with the hypervisor's own overhead for such a VM.</param>
/// <param name="DiskBytes">Bytes on one SR that the chosen host sees.</param>
/// <param name="TriedHosts">Hosts that failed this instance already: never again.</param>
public sealed record PlacementRequest(
    HostResources Need, long DiskBytes, PlacementHintsView Hints, IReadOnlyCollection<HostId> TriedHosts, IReadOnlyCollection<CellName> TriedCells)
{
    /// <summary>Keys of the networks that the host must carry, each once, in order; empty for none.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>The networks, for words such as "network 'storage'".</summary>
    public string NamedNetworks => Networks is [var one] ? $"network '{one}'" : $"all of the networks '{string.Join("', '", Networks)}'";

    /// <summary>The keys that these interfaces need. Without a word about interfaces every host will do.</summary>
    public static IReadOnlyList<string> NetworksOf(IReadOnlyList<Nic>? nics) =>
        nics is null or [] ? [] : [.. nics.Select(nic => nic.Network).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>What its server group asks of the host; null without one.</summary>
    public GroupRule? Group { get; init; }

    /// <summary>For an instance that has a VM already; null for a build.</summary>
    public MoveRule? Move { get; init; }

    /// <summary>Of the flavor; empty for none.</summary>
    public IReadOnlyDictionary<string, string> ExtraSpecs { get; init; } = new SortedDictionary<string, string>();

    public static PlacementRequest For(
        Flavor flavor, string? zone, CellName? onlyCell, IReadOnlyCollection<CellName> notCells, IReadOnlyCollection<HostId> triedHosts) =>
        new(new HostResources(flavor.Vcpus, flavor.MemoryMib + XenMemoryOverhead.Mib(flavor.Vcpus, flavor.MemoryMib)),
            flavor.DiskBytes, new PlacementHintsView(zone, onlyCell), triedHosts, notCells)
        {
            ExtraSpecs = flavor.ExtraSpecs ?? new SortedDictionary<string, string>(),
        };
}

/// <summary>What the request says about where.</summary>
/// <param name="GroupCell">Where its server group is, and nowhere else; null for any.</param>
public readonly record struct PlacementHintsView(string? AvailabilityZone, CellName? OnlyCell, CellName? GroupCell = null);
