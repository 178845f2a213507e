namespace Cells.Scheduler.Weighers;

/// <summary>Best fit: the less is left on the host afterwards (share of vCPUs + share of memory), the better. Keeps hosts whole for large flavors.</summary>
public sealed class PackWeigher : IHostWeigher
{
    public string Name => "pack";

    public double Weigh(in HostShape host, PlacementRequest request) =>
        -(Share(host.Free.Vcpus - request.Need.Vcpus, host.Capacity.Vcpus) + Share(host.Free.MemoryMib - request.Need.MemoryMib, host.Capacity.MemoryMib));

    private static double Share(double left, double of) => of > 0 ? left / of : 0;
}
