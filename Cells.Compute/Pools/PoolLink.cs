using Cells.Compute.XenApi;

namespace Cells.Compute.Pools;

/// <summary>A connection to a pool while it lasts: two sessions, recorded under the owner's epoch, and the objects read in them.</summary>
/// <param name="Generation">1 for the first connection of an owner, and so on: what was begun under an earlier one is not waited for.</param>
/// <param name="Calls">For everything but the event stream, which would keep others waiting on one connection.</param>
internal sealed record PoolLink(long Generation, PoolOwner Owner, XapiSession Calls, XapiSession Events, XenRef<Pool> PoolRef, IReadOnlySet<Guid> Records)
{
    public KnownRefs Refs { get; } = new();

    /// <summary>What is wrong with addresses that were asked before the one that led here; for people.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
