using Cells.Contracts;

namespace Cells.Compute.Instances;

/// <summary>
/// Makes a settled instance's row say what its host shows. While a workflow runs the row is the workflow's; afterwards the last thing shown is
/// judged again.
/// </summary>
internal static class CorrectObserved
{
    /// <param name="at">Where the pool shows the VM running, when that is not the row's place: somebody moved it inside of its pool.</param>
    /// <returns>The corrected row, or null when it already says so.</returns>
    public static Instance? Shown(Instance row, PowerState shown, DateTimeOffset now, Place? at = null)
    {
        if (!row.IsSettled)
            return null;
        // An error that an action or an administrator left is ended by another action, not by what the guest does; one for want of the VM ends with the VM.
        var state = row is { VmState: VmState.Error, PowerState: not PowerState.NoState } ? VmState.Error : StateOf(shown, row);
        var place = at ?? row.Place;
        return state == row.VmState && shown == row.PowerState && place == row.Place
            ? null
            : row.Changed(now) with { VmState = state, PowerState = shown, Place = place, Fault = state == VmState.Error ? row.Fault : null };
    }

    /// <summary>The vm_state that goes with a power state. One that is rescued stays so, whatever its guest does, until it is unrescued (Nova).</summary>
    public static VmState StateOf(PowerState shown, Instance row) => shown switch
    {
        _ when row.Disks.Rescue is not null => VmState.Rescued,
        _ when row.Origin is not null => VmState.Resized,       // until it is confirmed or reverted, whatever its guest does
        PowerState.Running => VmState.Active,
        PowerState.Paused => VmState.Paused,
        PowerState.Suspended => VmState.Suspended,
        PowerState.Shutdown => VmState.Stopped,
        _ => row.VmState,
    };

    /// <summary>The pool says that the VM is no more: somebody removed it behind our back. That is a fault, not a stop.</summary>
    public static Instance? Gone(Instance row, DateTimeOffset now) =>
        !row.IsSettled || row is { VmState: VmState.Error, PowerState: PowerState.NoState }
            ? null
            : row.Changed(now) with
            {
                VmState = VmState.Error,
                PowerState = PowerState.NoState,
                Fault = $"VM {row.Vm} is no longer on host {row.Place?.HostName}: it was removed outside. Delete the server, or restore the VM on the hypervisor.",
            };
}
