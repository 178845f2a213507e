using Cells.Contracts;
using Cells.Messaging.Storage.Leases;

namespace Cells.Compute.Nodes;

/// <summary>One node's lease as it was seen, read by read, on this process's monotonic clock. See <see cref="LeaseWatch"/>.</summary>
internal sealed record NodeWatch(LeaseWatch Watch, bool IsDead, bool Moves)
{
    public static readonly NodeWatch New = new(LeaseWatch.Nothing, IsDead: false, Moves: false);

    // Nobody's holder and no directory: only time and an orderly end make it dead here.
    private static readonly LeaseOptions Onlooker = new("", Guid.Empty, Directory: null);

    public NodeWatch On(LeaseRow row, long began, long ended, TimeProvider time)
    {
        var (watch, isDead) = Watch.On(row, began, ended, Onlooker, time);
        return new NodeWatch(watch, isDead, !isDead && (Moves || (Watch.Seen is { } before && before != row)));
    }

    public NodeSeen Seen(NodeName node) => new(node, Watch.Seen!.Epoch, IsDead, Moves);
}
