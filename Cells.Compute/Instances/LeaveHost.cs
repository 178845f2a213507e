using Cells.Compute.Workflows;
using Cells.Contracts;

namespace Cells.Compute.Instances;

/// <summary>How an instance leaves a host that is drained: a pure function of its row.</summary>
internal static class LeaveHost
{
    /// <summary>It is not there, but has a claim and perhaps a disk: why the host is not empty of it. Null when it holds nothing of that host.</summary>
    public static string? HeldBySecond(Instance row, HostId host) => row switch
    {
        { Origin.Place.Host: var there } when there == host => "its resize waits to be confirmed or reverted, and it may go back here",
        { Destination.Place.Host: var there } when there == host => "it was on its way here before the drain began",
        _ => null,
    };

    /// <param name="diskIsShared">Whether other hosts can see the SR of its disk.</param>
    /// <returns>How, or why not now; both null while something else is under way, after which it is asked again.</returns>
    public static (WayOut? Way, string? Stuck) Of(Instance row, bool diskIsShared) => row switch
    {
        { Work: { Workflow: WorkflowKind.LiveMigrate } } => (WayOut.Leaving, null),
        { Work: not null } or { Actions.Waiting.Count: > 0 } => (null, null),
        { Origin: not null } => (null, "its resize waits to be confirmed or reverted"),
        { Disks.Rescue: not null } => (null, "it is rescued"),
        _ when !diskIsShared => (null, "its disk is on storage that this host alone sees: resize, migrate or delete it"),
        { PowerState: PowerState.Running } => (WayOut.Live, null),
        { PowerState: PowerState.Shutdown } => (WayOut.ByClaim, null),
        { PowerState: PowerState.Paused } => (null, "it is paused, and the hypervisor moves only what runs"),
        { PowerState: PowerState.Suspended } => (null, "it is suspended, and the hypervisor moves only what runs"),
        _ => (null, "what it does is not known"),
    };
}

internal enum WayOut
{
    /// <summary>On its way already.</summary>
    Leaving = 1,

    /// <summary>While it runs.</summary>
    Live = 2,

    /// <summary>It is off and its disk is seen elsewhere: nothing of it is on the host but its claim.</summary>
    ByClaim = 3,
}
