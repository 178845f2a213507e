using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Scheduler;

namespace Cells.Compute.Pools;

// What a PoolActor tells the cell's observer: what is, as the pool showed it. None of it is concluded from the result of a call.

/// <summary>This owner has the pool from now on: whatever else is told of it, by this owner, comes after.</summary>
internal sealed record PoolTaken(string PoolName, PoolOwner Owner);

/// <summary>The whole pool after a full read: what is not in it is not there. Comes first, and again after every reconnection.</summary>
/// <param name="Epoch">The assignment epoch under which it was read.</param>
internal sealed record PoolShown(
    PoolId Pool,
    long Epoch,
    IReadOnlyList<HostObservation> Hosts,
    IReadOnlyList<SrObservation> Srs,
    IReadOnlyList<NetworkObservation> Networks,
    IReadOnlyList<VmObservation> Vms,
    IReadOnlyList<VdiObservation> Vdis,
    OutsideUsage Outside)
{
    public HostId? Coordinator { get; init; }
}

/// <summary>A stamped VM was added or changed; intermediate states may have been merged.</summary>
internal sealed record VmShown(VmObservation Vm);

/// <summary>A VM that was ours is no longer, or no longer carries its stamp.</summary>
/// <param name="Last">As it was last seen.</param>
internal sealed record VmGone(VmObservation Last, Departure Why);

internal sealed record VdiShown(VdiObservation Vdi);

internal sealed record VdiGone(VdiObservation Last, Departure Why);

internal enum Departure
{
    /// <summary>The object does not exist any more.</summary>
    Destroyed = 1,

    /// <summary>It exists, but somebody took its stamp away: it counts as outside from now on.</summary>
    Unstamped = 2,
}

internal sealed record HostShown(HostObservation Host);

/// <summary>A host record was removed from the pool.</summary>
internal sealed record HostGone(PoolId Pool, HostId Host);

internal sealed record SrShown(SrObservation Sr);

/// <summary>A storage repository was forgotten or destroyed: the pool has none of that uuid any more.</summary>
internal sealed record SrGone(PoolId Pool, SrId Sr);

/// <summary>From a host's actor to its pool's, at its beginning: answered with <see cref="HostHealthChanged"/>, of no change.</summary>
internal sealed record AskHealth(HostId Host);

/// <summary>Also told to the host's own actor.</summary>
internal sealed record HostHealthChanged(PoolId Pool, HostId Host, HostStatus From, HostHealth Health);

/// <summary>What objects without our stamp take, whole pool, newest values. Hosts and SRs without such objects are not listed.</summary>
internal sealed record OutsideUsage(PoolId Pool, IReadOnlyList<OutsideOfHost> Hosts, IReadOnlyList<OutsideOfSr> Srs)
{
    public bool Equals(OutsideUsage? other) => other is not null && Pool == other.Pool && Hosts.SequenceEqual(other.Hosts) && Srs.SequenceEqual(other.Srs);

    public override int GetHashCode() => HashCode.Combine(Pool, Hosts.Count, Srs.Count);
}

/// <param name="MemoryMib">Their memory and overhead, rounded up, the control domain's included.</param>
/// <param name="Vcpus">Without the control domain's.</param>
internal readonly record struct OutsideOfHost(HostId Host, int Vcpus, long MemoryMib);

/// <param name="Bytes">The sum of their virtual sizes.</param>
internal readonly record struct OutsideOfSr(SrId Sr, long Bytes);

/// <summary>How the pool's owner stands to its pool.</summary>
internal sealed record PoolStatusChanged(string PoolName, PoolId? Pool, PoolStatus Status, string Reason);

internal enum PoolStatus
{
    /// <summary>Not connected, trying.</summary>
    Connecting = 1,

    /// <summary>Connected and read; events flow.</summary>
    Ready = 2,

    /// <summary>The pool may not be managed here: marked by another cell, wrong password, another pool at the address. The reason says what to do.</summary>
    Refused = 3,

    /// <summary>Another node took the pool over. This owner has ended.</summary>
    Fenced = 4,
}

/// <summary>A VM with our stamp, as the pool shows it. Bytes.</summary>
/// <param name="Ref">Valid until the next <see cref="PoolShown"/>.</param>
/// <param name="ResidentOn">Where its domain is; null unless running or paused.</param>
/// <param name="ScheduledOn">Where it is being started; null otherwise.</param>
internal sealed record VmObservation(
    PoolId Pool,
    Guid Vm,
    XenRef<Vm> Ref,
    Stamp Stamp,
    string Name,
    VmPowerState PowerState,
    HostId? ResidentOn,
    HostId? ScheduledOn,
    int Vcpus,
    long MemoryBytes,
    long OverheadBytes);

/// <summary>A disk with our stamp. Bytes.</summary>
internal sealed record VdiObservation(PoolId Pool, Guid Vdi, XenRef<Vdi> Ref, Stamp Stamp, string Name, SrId? Sr, long VirtualBytes, bool InUse)
{
    public DiskRole Role { get; init; } = DiskRole.Root;
}

/// <param name="MemoryBytes">What VMs and the control domain can have: the total less the hypervisor's own overhead. 0 while the host has not said.</param>
/// <param name="Live">The pool's own word; turns false only after 10 silent minutes. See <see cref="HostHealthChanged"/> for ours.</param>
internal sealed record HostObservation(
    PoolId Pool, HostId Host, XenRef<Host> Ref, string Name, HostAddress Address, bool Enabled, bool Live, int Cpus, long MemoryBytes)
{
    /// <summary>Keys of the networks that it carries.</summary>
    public NetworkSet Networks { get; init; }
}

/// <param name="SizeBytes">-1 until the pool has scanned it.</param>
/// <param name="SeenBy">Hosts with a plugged PBD, in order.</param>
internal sealed record SrObservation(
    PoolId Pool, SrId Sr, XenRef<Sr> Ref, string Name, string Type, string ContentType, bool Shared, long SizeBytes, IReadOnlyList<HostId> SeenBy)
{
    public bool Equals(SrObservation? other) =>
        other is not null
        && (Pool, Sr, Ref, Name, Type, ContentType, Shared, SizeBytes) == (other.Pool, other.Sr, other.Ref, other.Name, other.Type, other.ContentType, other.Shared, other.SizeBytes)
        && SeenBy.SequenceEqual(other.SeenBy);

    public override int GetHashCode() => HashCode.Combine(Pool, Sr, SizeBytes, SeenBy.Count);
}

/// <param name="SeenBy">Hosts with a PIF on it, in order.</param>
internal sealed record NetworkObservation(PoolId Pool, Guid Network, XenRef<Network> Ref, string Name, string Bridge, bool Management, IReadOnlyList<HostId> SeenBy);
