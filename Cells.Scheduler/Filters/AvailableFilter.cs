namespace Cells.Scheduler.Filters;

/// <summary>Keeps hosts that may take something new: heard, enabled, not in maintenance.</summary>
public sealed class AvailableFilter : IHostFilter
{
    public string Name => "available";

    public string? Reject(in HostShape host, PlacementRequest request, HostIndex index) => host.Unavailable;
}
