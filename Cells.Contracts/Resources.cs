namespace Cells.Contracts;

/// <summary>What a host has or an instance takes of a host. Memory in MiB. Disk is a storage repository's, not a host's.</summary>
public readonly record struct HostResources(int Vcpus, long MemoryMib)
{
    public bool Covers(HostResources need) => Vcpus >= need.Vcpus && MemoryMib >= need.MemoryMib;

    public static HostResources operator +(HostResources a, HostResources b) => new(a.Vcpus + b.Vcpus, a.MemoryMib + b.MemoryMib);
    public static HostResources operator -(HostResources a, HostResources b) => new(a.Vcpus - b.Vcpus, a.MemoryMib - b.MemoryMib);

    public override string ToString() => $"{Vcpus} vCPU, {MemoryMib} MiB";
}

/// <summary>A kind of capacity. The numbers are stored and sent: never reuse one.</summary>
public enum Resource
{
    /// <summary>Virtual CPUs of a host.</summary>
    Vcpu = 1,

    /// <summary>Memory of a host, MiB, the hypervisor's own overhead for the VM included.</summary>
    MemoryMib = 2,

    /// <summary>Bytes of a storage repository.</summary>
    DiskBytes = 3,
}

/// <summary>One part of a claim: so much of one resource of one provider (host or SR).</summary>
public readonly record struct ClaimPart(ProviderId Provider, Resource Resource, long Amount);

public static class Units
{
    public const long Kib = 1024;
    public const long Mib = 1024 * Kib;
    public const long Gib = 1024 * Mib;
}
