using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;

namespace Cells.Compute.Reconciling;

/// <summary>
/// Clones of cached images that nobody stamped: a lost answer left one behind, or its maker took another's. The mark they copied from their source shows
/// them; while any build of the pool may be cloning, one of them may be a build's that is about to stamp it.
/// </summary>
internal static class UnfinishedClones
{
    public static IReadOnlyList<Guid> In(PoolCache cache) =>
        [.. cache.Vdis.Values.Where(d => d.Managed && !d.IsASnapshot && IsOne(d)).Select(d => d.Uuid).Order()];

    public static bool IsOne(Vdi disk) =>
        disk.OtherConfig.ContainsKey(Marks.Image)
        && disk.OtherConfig.TryGetValue(Marks.Self, out var self) && self != disk.Uuid.ToString("D")
        && !disk.OtherConfig.ContainsKey(Marks.Instance);

    /// <summary>Whether this row's workflow may have a clone without its stamp on its pool.</summary>
    public static bool MayHaveOne(Instance row) => row.Work switch
    {
        { Workflow: WorkflowKind.Delete, Interrupted: { } step } work => Steps.MayClone(work.InterruptedOf, step),
        { Workflow: not WorkflowKind.Delete } work => Steps.MayClone(work.Workflow, work.Step),
        _ => false,
    };
}

/// <summary>To any host's actor of a pool: which unfinished clones does it show?</summary>
internal sealed record FindUnfinishedClones
{
    public static readonly FindUnfinishedClones Instance = new();
}

/// <summary>The answer.</summary>
internal sealed record UnfinishedClonesFound(PoolOwner Owner, IReadOnlyList<Guid> Disks);

/// <summary>To the same host's actor: destroy this one, if it is still unfinished. The wish is durable (table condemned).</summary>
internal sealed record DestroyClone(Guid Disk)
{
    public async Task PerformAsync(IPoolCalls pool, CancellationToken stop)
    {
        try
        {
            var disk = await pool.CallAsync(Vdi.GetByUuid(Disk), stop);
            if (UnfinishedClones.IsOne(await pool.CallAsync(Vdi.GetRecord(disk), stop)))
                await pool.CallAsync(Vdi.Destroy(disk), stop);
        }
        catch (XenApiFailure gone) when (gone.Code is "UUID_INVALID" or "HANDLE_INVALID")
        {
            // Somebody was faster: what was wanted.
        }
    }
}
