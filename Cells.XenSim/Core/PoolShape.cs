namespace Cells.XenSim.Core;

/// <summary>What a simulated machine is made of.</summary>
public sealed record HostShape
{
    /// <summary>Name and host name; requests are addressed by it. Unique in its pool.</summary>
    public required string Name { get; init; }
    public int PhysicalCpus { get; init; } = 16;
    public long MemoryBytes { get; init; } = 64L << 30;

    /// <summary>Memory of the control domain, which takes part in the memory accounting like any VM.</summary>
    public long ControlDomainBytes { get; init; } = 2L << 30;

    /// <summary>What the hypervisor keeps for itself; a host measures it at boot, here it is given.</summary>
    public long MemoryOverheadBytes { get; init; } = 512L << 20;

    /// <summary>Size of the local ext storage repository, the pool's default SR on a standalone host; 0: it has none.</summary>
    public long LocalStorageBytes { get; init; } = 1L << 40;

    /// <summary>The management address shown in the host and PIF records (records never show ports). Members of one pool need different ones.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>A machine that stands by, outside of the pool, until <see cref="Faults.SimFault.JoinHost"/>; nothing answers at its address.</summary>
    public bool Spare { get; init; }
}

/// <summary>One pool: one object database. A standalone host is a pool of one; the first host is the coordinator to begin with.</summary>
public sealed record PoolShape
{
    /// <summary>Shown as pool.name_label; a standalone host's pool has none.</summary>
    public string Name { get; init; } = "";
    public required IReadOnlyList<HostShape> Hosts { get; init; }
    public string RootPassword { get; init; } = "xensim";

    /// <summary>Size of an NFS repository that every member has plugged, the pool's default SR; 0: there is none.</summary>
    public long SharedStorageBytes { get; init; }

    public static PoolShape Standalone(HostShape host, string rootPassword) => new() { Hosts = [host], RootPassword = rootPassword };
}
