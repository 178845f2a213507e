namespace Cells.Scheduler.Filters;

/// <summary>Keeps hosts of the availability zone that was asked for, if one was.</summary>
public sealed class ZoneFilter : IHostFilter
{
    public string Name => "availability_zone";

    public string? Reject(in HostShape host, PlacementRequest request, HostIndex index) =>
        request.Hints.AvailabilityZone is { } zone && zone != host.Zone ? $"is in zone {host.Zone}, asked {zone}" : null;
}
