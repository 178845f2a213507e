namespace Cells.Scheduler.Filters;

/// <summary>Keeps hosts that carry every network the instance is to be on.</summary>
public sealed class NetworksFilter : IHostFilter
{
    public string Name => "networks";

    public string? Reject(in HostShape host, PlacementRequest request, HostIndex index) =>
        host.Networks.FirstMissing(request.Networks) is { } missing ? $"does not carry network '{missing}'" : null;
}
