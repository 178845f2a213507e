namespace Cells.Scheduler.Filters;

/// <summary>Says no to a shape of host, with the reason in numbers. Named, so that a "no" can be counted and shown.</summary>
public interface IHostFilter
{
    string Name { get; }

    /// <summary>Null lets the shape pass; else why not, such as "needs 8192 MiB, has 6100 MiB".</summary>
    string? Reject(in HostShape host, PlacementRequest request, HostIndex index);
}
