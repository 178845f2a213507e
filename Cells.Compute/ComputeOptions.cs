using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Scheduler;

namespace Cells.Compute;

/// <summary>How a compute cell is set up. Values only; what is wrong is said by whoever reads the configuration.</summary>
public sealed record ComputeOptions
{
    /// <summary>One address per pool (any member's) or standalone host.</summary>
    public required IReadOnlyList<HostLogin> Hosts { get; init; }

    /// <summary>Seals hypervisor sessions for the database.</summary>
    public required SessionVault Sessions { get; init; }

    /// <summary>
    /// Id of the data directory that this process has locked: the lease of the directory's former process is taken at once. Null: a former
    /// holder's lease is waited out.
    /// </summary>
    public Guid? Directory { get; init; }

    /// <summary>pack or spread; see <see cref="HostPolicy.Named"/>.</summary>
    public string Policy { get; init; } = "pack";

    /// <summary>Shown to parents; requests may name it.</summary>
    public string Zone { get; init; } = "nova";

    public string HostClass { get; init; } = "default";

    /// <summary>vCPUs promised per CPU of a host. 4 is what Nova starts with (initial_cpu_allocation_ratio).</summary>
    public double CpuRatio { get; init; } = 4;

    /// <summary>Memory of each host that is never promised.</summary>
    public long MemoryReserveMib { get; init; }

    /// <summary>Bytes of each SR that are never promised.</summary>
    public long DiskReserveBytes { get; init; }

    /// <summary>Workflow steps performed on one host at a time. 0: the cell observes and places, and changes nothing on its hosts.</summary>
    public int StepsPerHost { get; init; } = 4;

    /// <summary>Steps that move a disk or memory (a resize's copy, a live migration, the sending of an image) at a time on one host; they are not counted above.</summary>
    public int TransfersPerHost { get; init; } = 2;

    /// <summary>Instances that leave one host at a time while it is drained.</summary>
    public int DrainAtATime { get; init; } = 2;

    /// <summary>Hosts tried for one epoch before the cell gives the right to run back.</summary>
    public int AttemptsPerEpoch { get; init; } = 3;

    /// <summary>A build that takes longer is shown as ERROR until it goes on.</summary>
    public TimeSpan BuildDeadline { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>A delete that takes longer is shown with the reason.</summary>
    public TimeSpan DeleteDeadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>An action that takes longer is shown as ERROR until it goes on.</summary>
    public TimeSpan ActionDeadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The same for an action that may copy a disk or memory or fetch an image: a resize, a migration, a rebuild, a rescue, an evacuation. Above what the largest disk takes.
    /// </summary>
    public TimeSpan TransferDeadline { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How long a guest may take to shut itself down before it is switched off. 60 s is what Nova gives (shutdown_timeout).</summary>
    public TimeSpan GuestPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>News of what is free go up at most this often.</summary>
    public TimeSpan NewsInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often rows are compared with what pools show. A leftover is removed when it was seen twice.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a tombstone is kept at least, after every parent has acknowledged it.</summary>
    public TimeSpan TombstoneRetention { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long an image ticket request waits for its answer before it is sent again.</summary>
    public TimeSpan TicketPatience { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Where a pool or host is, and as whom we log in.</summary>
public sealed record HostLogin(HostAddress Address, XenCredentials Credentials)
{
    /// <summary>Other members of its pool, asked for the coordinator when <see cref="Address"/> does not answer.</summary>
    public IReadOnlyList<HostAddress> Members { get; init; } = [];
}
