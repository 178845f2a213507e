namespace Cells.Scheduler.Filters;

/// <summary>Keeps hosts whose free vCPUs and memory cover the request (the VM's overhead included).</summary>
public sealed class ResourcesFilter : IHostFilter
{
    public string Name => "resources";

    public string? Reject(in HostShape host, PlacementRequest request, HostIndex index) =>
        host.Free.MemoryMib < request.Need.MemoryMib ? $"needs {request.Need.MemoryMib} MiB, has {host.Free.MemoryMib} MiB"
        : host.Free.Vcpus < request.Need.Vcpus ? $"needs {request.Need.Vcpus} vCPU, has {host.Free.Vcpus}"
        : null;
}
