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
}
