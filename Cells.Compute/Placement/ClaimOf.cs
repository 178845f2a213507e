using Cells.Compute.Images;
using Cells.Compute.Instances;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Scheduler;

namespace Cells.Compute.Placement;

/// <summary>
/// What an instance takes of which providers, once its host and SR are chosen. Memory includes the hypervisor's own overhead for the VM. What is held is a
/// function of the row: every change that moves a row's places writes the claims that the new row holds.
/// </summary>
internal static class ClaimOf
{
    public static IReadOnlyList<ClaimPart> Parts(HostId host, SrId sr, PlacementRequest request) =>
    [
        new(ProviderId.Of(host), Resource.Vcpu, request.Need.Vcpus),
        new(ProviderId.Of(host), Resource.MemoryMib, request.Need.MemoryMib),
        new(ProviderId.Of(sr), Resource.DiskBytes, request.DiskBytes),
    ];

    /// <summary>Without the disk.</summary>
    public static IReadOnlyList<ClaimPart> OfHost(IReadOnlyList<ClaimPart> parts) => [.. parts.Where(p => p.Resource != Resource.DiskBytes)];

    /// <summary>All that the row holds, its second place included; empty for one that holds nothing.</summary>
    public static IReadOnlyList<HeldPart> Held(Instance? row)
    {
        if (row is not { Released: false, Command: { } command, Place: { } place })
            return [];
        var current = Parts(place.Host, place.Sr, RequestOf(command, []));
        var (role, second) = row.Destination is { } destination ? (ClaimRole.Destination, destination) : (ClaimRole.Origin, row.Origin);
        IReadOnlyList<ClaimPart> beyond = second is null ? [] : Beyond(current, second, command);
        return [.. current.Select(p => new HeldPart(ClaimRole.Current, p)), .. beyond.Select(p => new HeldPart(role, p))];
    }

    /// <summary>
    /// What a second place takes beyond what the instance holds there already: on its own host the difference alone; a disk of its own is whole, since both
    /// disks are there until one of them goes.
    /// </summary>
    public static IReadOnlyList<ClaimPart> Beyond(IReadOnlyList<ClaimPart> current, SecondPlace second, BuildInstance command)
    {
        var wanted = Parts(second.Place.Host, second.Place.Sr, RequestOf(command with { Flavor = second.Flavor }, []));
        return
        [
            .. wanted
                .Where(p => p.Resource != Resource.DiskBytes || second.HasDisk)
                .Select(p => p.Resource == Resource.DiskBytes ? p : p with { Amount = p.Amount - HeldOf(current, p) })
                .Where(p => p.Amount > 0),
        ];
    }

    /// <summary>A disk is never smaller than its image, whatever the flavor says: what it will take is what is claimed.</summary>
    public static PlacementRequest RequestOf(BuildInstance command, IReadOnlyCollection<HostId> tried) =>
        PlacementRequest.For(command.Flavor, command.Hints.AvailabilityZone, command.Hints.OnlyCell, command.Hints.NotCells, tried)
            with
            {
                DiskBytes = Math.Max(command.Flavor.DiskBytes, FetchImage.RoundedUp(command.Image.SizeBytes)),
                Networks = PlacementRequest.NetworksOf(command.Nics),
            };

    private static long HeldOf(IReadOnlyList<ClaimPart> parts, ClaimPart like) =>
        parts.Where(p => p.Provider == like.Provider && p.Resource == like.Resource).Sum(p => p.Amount);
}

/// <summary>A part of a claim, and for which of the instance's places.</summary>
internal readonly record struct HeldPart(ClaimRole Role, ClaimPart Part);

/// <summary>Numbers are stored: never reuse one.</summary>
internal enum ClaimRole
{
    Current = 1,

    /// <summary>Of <see cref="Instance.Destination"/>.</summary>
    Destination = 2,

    /// <summary>Of <see cref="Instance.Origin"/>.</summary>
    Origin = 3,
}
