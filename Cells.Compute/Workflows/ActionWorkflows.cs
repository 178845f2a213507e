using Cells.Compute.Instances;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>Which workflow carries an action out. A new action is a row of this table, with steps of its own.</summary>
internal static class ActionWorkflows
{
    /// <summary>Whether this cell has it at all: one from a home of a later version is refused, by name.</summary>
    public static bool Knows(InstanceAction action) => action is
        InstanceAction.Start or InstanceAction.Stop or InstanceAction.RebootSoft or InstanceAction.RebootHard or InstanceAction.Pause or
        InstanceAction.Unpause or InstanceAction.Suspend or InstanceAction.Resume or InstanceAction.ResetState or
        InstanceAction.Resize or InstanceAction.Migrate or InstanceAction.ConfirmResize or InstanceAction.RevertResize or InstanceAction.LiveMigrate or
        InstanceAction.Evacuate;

    /// <summary>Null for an action that a compute cell carries out by changing its row alone.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The action is none of a compute cell's.</exception>
    public static WorkflowKind? Of(InstanceAction action) => action switch
    {
        InstanceAction.Start => WorkflowKind.Start,
        InstanceAction.Stop => WorkflowKind.Stop,
        InstanceAction.RebootSoft => WorkflowKind.RebootSoft,
        InstanceAction.RebootHard => WorkflowKind.RebootHard,
        InstanceAction.Pause => WorkflowKind.Pause,
        InstanceAction.Unpause => WorkflowKind.Unpause,
        InstanceAction.Suspend => WorkflowKind.Suspend,
        InstanceAction.Resume => WorkflowKind.Resume,
        InstanceAction.Resize or InstanceAction.Migrate => WorkflowKind.Resize,
        InstanceAction.ConfirmResize => WorkflowKind.ConfirmResize,
        InstanceAction.RevertResize => WorkflowKind.RevertResize,
        InstanceAction.LiveMigrate => WorkflowKind.LiveMigrate,
        InstanceAction.Evacuate => WorkflowKind.Evacuate,
        InstanceAction.ResetState => null,
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "no action of a compute cell"),
    };
}
