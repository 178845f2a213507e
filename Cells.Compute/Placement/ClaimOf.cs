using Cells.Contracts;
using Cells.Scheduler;

namespace Cells.Compute.Placement;

/// <summary>What an instance takes of which providers, once its host and SR are chosen. Memory includes the hypervisor's own overhead for the VM.</summary>
internal static class ClaimOf
{
    public static IReadOnlyList<ClaimPart> Parts(HostId host, SrId sr, PlacementRequest request) =>
    [
        new(ProviderId.Of(host), Resource.Vcpu, request.Need.Vcpus),
        new(ProviderId.Of(host), Resource.MemoryMib, request.Need.MemoryMib),
        new(ProviderId.Of(sr), Resource.DiskBytes, request.DiskBytes),
    ];

    /// <summary>What goes with the VM when it moves to another host; its disk stays where it is.</summary>
    public static IReadOnlyList<ClaimPart> OfHost(IReadOnlyList<ClaimPart> parts) => [.. parts.Where(p => p.Resource != Resource.DiskBytes)];
}
