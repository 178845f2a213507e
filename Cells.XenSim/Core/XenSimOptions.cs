using Cells.XenSim.Faults;

namespace Cells.XenSim.Core;

/// <summary>How simulated hosts behave where real ones differ from each other.</summary>
public sealed record XenSimOptions
{
    /// <summary>How long calls take; instant by default.</summary>
    public LatencyProfile Latency { get; init; } = LatencyProfile.Instant;

    /// <summary>xapi's batching delay before an event.from answer that watches more than tasks.</summary>
    public TimeSpan EventDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>When the guest's tools report after a boot. Null: guests have no tools, so clean shutdowns are refused (VM_LACKS_FEATURE).</summary>
    public TimeSpan? GuestToolsAfter { get; init; } = TimeSpan.Zero;

    /// <summary>How long a wrong password is made to wait; 5 s in xapi.</summary>
    public TimeSpan WrongPasswordDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a member is silent before its coordinator calls it dead (host_metrics.live); 10 min in xapi.</summary>
    public TimeSpan HostAssumedDeadAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a member that lost its coordinator still names it; then its toolstack has restarted into emergency mode.</summary>
    public TimeSpan EmergencyAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the toolstacks of the former and of the new coordinator are away when they change places.</summary>
    public TimeSpan CoordinatorChangeTakes { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether operators have put OpenStack's dom0 plugins (os-xenapi) onto the hosts: <c>console.py</c> is the one that is simulated. Without
    /// them every plugin is XENAPI_MISSING_PLUGIN, as on a host as it is installed.
    /// </summary>
    public bool OpenStackPlugins { get; init; } = true;

    /// <summary>The storage collector's quiet pause before its first work after a kick.</summary>
    public TimeSpan StorageCollectorPause { get; init; } = TimeSpan.FromMinutes(5);
}
