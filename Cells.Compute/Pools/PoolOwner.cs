using Cells.Contracts;

namespace Cells.Compute.Pools;

/// <summary>
/// The assignment under which somebody acts on a pool. Every write of a pool's owner names it; the statement joins table <c>assignment</c> (pool_id,
/// epoch), and a lower epoch fails that member.
/// </summary>
internal sealed record PoolOwner(PoolId Pool, long Epoch);
