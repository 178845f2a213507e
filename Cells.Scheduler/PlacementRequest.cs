using Cells.Contracts;
using Cells.Scheduler.Capacity;

namespace Cells.Scheduler;

/// <summary>What one decision must find room for.</summary>
/// <param name="Need">vCPUs, and memory with the hypervisor's own overhead for such a VM.</param>
/// <param name="DiskBytes">Bytes on one SR that the chosen host sees.</param>
/// <param name="TriedHosts">Hosts that failed this instance already: never again.</param>
public sealed record PlacementRequest(
    HostResources Need, long DiskBytes, PlacementHintsView Hints, IReadOnlyCollection<HostId> TriedHosts, IReadOnlyCollection<CellName> TriedCells)
{
    public static PlacementRequest For(
        Flavor flavor, string? zone, CellName? onlyCell, IReadOnlyCollection<CellName> notCells, IReadOnlyCollection<HostId> triedHosts) =>
        new(new HostResources(flavor.Vcpus, flavor.MemoryMib + XenMemoryOverhead.Mib(flavor.Vcpus, flavor.MemoryMib)),
            flavor.DiskBytes, new PlacementHintsView(zone, onlyCell), triedHosts, notCells);
}

/// <summary>What the request says about where.</summary>
public readonly record struct PlacementHintsView(string? AvailabilityZone, CellName? OnlyCell);
