using Cells.Contracts.Wire;

namespace Cells.Contracts.Messages;

/// <summary>
/// Down to <paramref name="Cell"/>: all that an operator has said of one host, whole each time, so that the highest number alone counts and a lost or
/// doubled one does no harm. What became of it comes back with the host's row (<see cref="HostRow.SettingNumber"/>); until then it is sent again.
/// </summary>
/// <param name="Number">Rises by one with each change, from 1; given by the home of the hosts' operators.</param>
/// <param name="Disabled">The host takes no new instances; what runs there goes on.</param>
/// <param name="Reason">Why, in the operator's words; null for none.</param>
/// <param name="ForcedDown">The operator knows that its host is gone; it takes no new instances either.</param>
/// <param name="Zone">Availability zone; null: the cell's own.</param>
/// <param name="Aggregates">Those that the host is in, by name.</param>
[WireName("host.configure.v1")]
public sealed record ConfigureHost(
    HostId Host, CellName Cell, long Number, bool Disabled, string? Reason, bool ForcedDown, string? Zone, IReadOnlyList<HostAggregate> Aggregates)
{
    /// <summary>The operator's word that the host surely runs nothing any more; null: there is none, or it was taken back.</summary>
    public FenceWord? Fence { get; init; }

    /// <summary>The host is to be emptied for service: it takes nothing new, and what can leave it leaves. Absent, as from an older home: no.</summary>
    public bool Draining { get; init; }
}

/// <summary>A host was powered off, or cut from its disks and networks for good: what ran there may be started elsewhere, until the host is heard again.</summary>
/// <param name="Id">Of this word: said again it is the same one.</param>
public sealed record FenceWord(Guid Id, string Who, string Why, DateTimeOffset At);

/// <summary>A host aggregate as placement needs it: what it promises of its hosts.</summary>
public sealed record HostAggregate(string Name, IReadOnlyDictionary<string, string> Metadata);

/// <summary>How far a host that is being drained has come.</summary>
/// <param name="Left">Instances that are still there.</param>
/// <param name="Moving">Of those, on their way.</param>
/// <param name="Stuck">Of those, which cannot leave now and why, some of them if there are many. Tried again from time to time.</param>
/// <param name="TookOff">The cell has told the hypervisor itself to take nothing new (XenAPI host.disable), and tells it otherwise when the drain is over.</param>
public sealed record HostDrain(int Left, int Moving, IReadOnlyList<StuckInstance> Stuck, bool TookOff);

/// <param name="Why">In words for people.</param>
public sealed record StuckInstance(InstanceId Instance, string Why);
