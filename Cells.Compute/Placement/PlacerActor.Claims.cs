using Cells.Compute.Instances;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Compute.Placement;

/// <summary>Claims follow the rows: what a change of a row does to its claims is told by the two rows alone.</summary>
internal sealed partial class PlacerActor
{
    private static IReadOnlyList<ClaimPart> HeldBy(Instance? row) => [.. ClaimOf.Held(row).Select(h => h.Part)];

    /// <summary>Whether the two hold the same, for the same places.</summary>
    private static bool HoldTheSame(Instance before, Instance after) =>
        (before.Place == after.Place && before.Destination == after.Destination && before.Origin == after.Origin
            && ReferenceEquals(before.Command, after.Command) && before.Released == after.Released)
        || ClaimOf.Held(before).SequenceEqual(ClaimOf.Held(after));

    /// <summary>
    /// The writes that make the claims those of the row after; none when it holds what it held. For a change that takes nothing new: an end of a move, or one
    /// that the pool made by itself.
    /// </summary>
    private static IEnumerable<IWrite> KeptClaims(Instance before, Instance after) => HoldTheSame(before, after)
        ? []
        : [new ReleaseClaim(after.Id, after.Epoch), new KeepClaim(after.Id, after.Epoch, ClaimOf.Held(after))];

    /// <summary>As <see cref="KeptClaims"/>, in the picture: once it is committed.</summary>
    private void KeepPromises(Instance before, Instance after)
    {
        if (HoldTheSame(before, after))
            return;
        _inventory.GiveBack(HeldBy(before));
        _inventory.Take(HeldBy(after));
        NewsAreDue();
    }
}
