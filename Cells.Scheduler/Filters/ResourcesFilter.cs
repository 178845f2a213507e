namespace Cells.Scheduler.Filters;

/// <summary>Keeps hosts whose free vCPUs and memory cover the request (the VM's overhead included), and that have as many CPUs.</summary>
public sealed class ResourcesFilter : IHostFilter
{
    public string Name => "resources";

    public string? Reject(in HostShape host, PlacementRequest request, HostIndex index) =>
        request.Need.Vcpus > host.Cpus ? $"needs {request.Need.Vcpus} vCPU, has {host.Cpus} CPUs in all"
        : host.Free.MemoryMib < request.Need.MemoryMib ? $"needs {request.Need.MemoryMib} MiB, has {host.Free.MemoryMib} MiB"
        : host.Free.Vcpus < request.Need.Vcpus ? $"needs {request.Need.Vcpus} vCPU, has {host.Free.Vcpus}"
        : null;
}
