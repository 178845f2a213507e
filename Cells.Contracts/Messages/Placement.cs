using Cells.Contracts.Wire;

namespace Cells.Contracts.Messages;

/// <summary>
/// Down: build one instance somewhere below. Answered up by <see cref="InstancePlaced"/> or <see cref="PlacementFailed"/> (or
/// <see cref="InstanceDeleted"/> when a delete overtook it). May arrive twice; (instance, epoch, intent) makes the second one harmless.
/// </summary>
/// <param name="GenerationFloor">
/// Generations of this epoch begin above it. 0 from the home; a routing cell that tries the next child within one epoch passes on the last
/// generation the refusing child used, so that copies merged by (epoch, generation) never fall back (ADR 0007).
/// </param>
/// <param name="Image">Null only for instances without a local disk image; the spine always has one.</param>
/// <param name="Nics">
/// In the order of their devices; empty for none. Null, as from a home that has no networks: one interface on the host's management network, with
/// a MAC that the host makes.
/// </param>
[WireName("placement.build-instance.v1")]
public sealed record BuildInstance(
    InstanceId Instance,
    long Epoch,
    long Intent,
    long GenerationFloor,
    ProjectId Project,
    UserId User,
    string RequestId,
    string Name,
    Flavor Flavor,
    ImageSpec Image,
    PlacementHints Hints,
    IReadOnlyList<Nic>? Nics = null) : IInstanceCommand;

/// <summary>One network interface of an instance, as its home decided it: the same in every epoch and on every host.</summary>
/// <param name="Network">The key under which each pool is asked for its XenAPI network (ADR 0012).</param>
/// <param name="Mac">Six octets, lower-case hex, joined by colons.</param>
/// <param name="Addresses">What its guest may use. Nothing below the home acts on them.</param>
public sealed record Nic(PortId Port, string Network, string Mac, IReadOnlyList<string> Addresses);

/// <summary>What the request says about where; empty lists say nothing.</summary>
/// <param name="AvailabilityZone">Null for any.</param>
/// <param name="OnlyCell">Hint target_cell: only here (or below here). Null for any.</param>
/// <param name="NotCells">Never in these cells: hint different_cell, and cells that already refused.</param>
public sealed record PlacementHints(string? AvailabilityZone, CellName? OnlyCell, IReadOnlyList<CellName> NotCells)
{
    /// <summary>The server group it is made in; null for none.</summary>
    public GroupHint? Group { get; init; }

    public static readonly PlacementHints None = new(null, null, []);
}

/// <summary>
/// Up: a host was chosen and the claim is committed; the build goes on. Keyed by its command. Said again when a build that failed goes on elsewhere
/// within the epoch: each time more has been tried.
/// </summary>
/// <param name="Tried">Every "no" on the way to this place, in order; null for none.</param>
[WireName("placement.placed.v1")]
public sealed record InstancePlaced(
    InstanceId Instance, long Epoch, long Intent, CellName Cell, HostId Host, string HostName, IReadOnlyList<Explanation> Why,
    IReadOnlyList<Refusal>? Tried = null) : IInstanceAnswer;

/// <summary>
/// Up: nothing below holds the right to run this epoch any more. Sent before placement (no room) or after it (every build attempt failed
/// and was undone). Keyed by its command.
/// </summary>
/// <param name="LastGeneration">The highest generation anybody below gave this epoch.</param>
[WireName("placement.failed.v1")]
public sealed record PlacementFailed(
    InstanceId Instance, long Epoch, long Intent, long LastGeneration, IReadOnlyList<Refusal> Tried) : IInstanceAnswer;
