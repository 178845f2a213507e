using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Scheduler;

namespace Cells.Compute.Instances;

/// <summary>A server whose disk is where nobody reaches it is built again from its image, as the next attempt under its epoch.</summary>
internal static class BuildAnew
{
    /// <summary>
    /// The row at the first step of that build. It holds one place: what a resize left went with the disk, so there is nothing to confirm or to go back to.
    /// Its tries are counted from here.
    /// </summary>
    public static Instance Begin(Instance row, Place place, Explanation why, TimeSpan deadline, DateTimeOffset now) => row.Changed(now) with
    {
        Place = place,
        Destination = null,
        Origin = null,
        Work = new Work(
            WorkflowKind.Build, 0, Undoing: false, Interrupted: null,
            Note: (row.VmState == VmState.Resized && row.Origin is { } origin ? origin.State : row.VmState) == VmState.Stopped ? AdvanceWorkflow.ThenStop : null),
        TaskState = TaskState.Rebuilding,
        PowerState = PowerState.NoState,
        Attempt = row.Attempt + 1,
        Vm = null,
        Disks = Disks.None,
        Fault = null,
        DeadlineAt = now + deadline,
        Story = new Story([row.Place!.Host], [.. row.Story.Why, why], []),
        Actions = row.Actions with { Moved = new MovedBetween(row.Place.HostName, place.HostName, why) },
    };

    /// <summary>Whether an undone attempt is followed by another: a build and each build anew have <paramref name="most"/>, and no host mends an image.</summary>
    public static bool MayTryAgain(Instance undone, int most) =>
        undone.Story.Refusals.Count < most && undone.Story.Refusals[^1].Code != StepOutcome.ImageUnavailable;
}
