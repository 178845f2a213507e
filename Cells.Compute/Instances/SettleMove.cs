using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Instances;

/// <summary>What the end of a workflow makes of the second place that it was given: it is the instance's place now, or it is given back.</summary>
internal static class SettleMove
{
    public static Instance At(Instance row, ActionOutcome outcome) => (row.Work?.Workflow, row.Destination, row.Origin, outcome) switch
    {
        (WorkflowKind.LiveMigrate or WorkflowKind.Evacuate, { } there, _, ActionOutcome.Done) => row with { Place = there.Place, Destination = null },
        (WorkflowKind.Resize, { } there, _, ActionOutcome.Done) => Resized(row, there),
        (WorkflowKind.ConfirmResize, _, { } former, ActionOutcome.Done) => row with { Origin = null, VmState = former.State },
        // Its old disk is its own again: there is nothing left to go back from.
        (WorkflowKind.RevertResize, _, { } former, _) when row.Disks.Former is null => Reverted(row, former, outcome),
        (_, { }, _, _) => row with { Destination = null },
        _ => row,
    };

    private static Instance Resized(Instance row, SecondPlace there) => row with
    {
        Place = there.Place,
        Command = row.Command! with { Flavor = there.Flavor },
        Destination = null,
        Origin = new SecondPlace(row.Place!, row.Command.Flavor, HasDisk: true, there.State),
        Disks = row.Disks with { Root = row.Disks.Next, Former = row.Disks.Root, Next = null },
        VmState = VmState.Resized,
    };

    private static Instance Reverted(Instance row, SecondPlace former, ActionOutcome outcome) => row with
    {
        Place = former.Place,
        Command = row.Command! with { Flavor = former.Flavor },
        Origin = null,
        VmState = outcome == ActionOutcome.Done ? former.State : VmState.Stopped,
    };
}
