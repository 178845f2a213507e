using Cells.Compute.Workflows;
using Cells.Contracts.Messages;

namespace Cells.Compute.Instances;

/// <summary>What the end of a workflow makes of the second place that it was given: it is the instance's place now, or it is given back.</summary>
internal static class SettleMove
{
    public static Instance At(Instance row, ActionOutcome outcome) => (row.Work?.Workflow, row.Destination) switch
    {
        (_, null) => row,
        (WorkflowKind.LiveMigrate, { } there) when outcome == ActionOutcome.Done => row with { Place = there.Place, Destination = null },
        _ => row with { Destination = null },
    };
}
