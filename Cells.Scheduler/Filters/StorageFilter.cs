using Cells.Contracts;

namespace Cells.Scheduler.Filters;

/// <summary>Keeps hosts that see an SR with room for the whole disk.</summary>
public sealed class StorageFilter : IHostFilter
{
    public string Name => "storage";

    public string? Reject(in HostShape host, PlacementRequest request, HostIndex index)
    {
        var best = Math.Max(host.LocalFreeBytes, BestShared(host, index));
        return best >= request.DiskBytes ? null
            : best < 0 ? "sees no storage repository"
            : $"needs {request.DiskBytes / Units.Mib} MiB of disk, largest SR has {best / Units.Mib} MiB";
    }

    private static long BestShared(in HostShape host, HostIndex index)
    {
        var best = -1L;
        if (host.SharedSrs.Length > 0)
            foreach (var sr in host.SharedSrs.Split(','))
                best = Math.Max(best, index.SharedSrFree(new SrId(Guid.Parse(sr))));
        return best;
    }
}
