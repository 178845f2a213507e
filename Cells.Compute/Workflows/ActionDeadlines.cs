using Cells.Compute.Instances;

namespace Cells.Compute.Workflows;

/// <summary>After how long an action is shown as late.</summary>
/// <param name="Transfer">Of one that may copy a disk or memory, or wait for an image.</param>
internal sealed record ActionDeadlines(TimeSpan Usual, TimeSpan Transfer)
{
    public static ActionDeadlines Of(ComputeOptions options) => new(options.ActionDeadline, options.TransferDeadline);

    public TimeSpan For(WorkflowKind workflow) => workflow switch
    {
        WorkflowKind.Resize or WorkflowKind.LiveMigrate or WorkflowKind.Rebuild or WorkflowKind.Rescue or WorkflowKind.Snapshot or WorkflowKind.Evacuate => Transfer,
        _ => Usual,
    };
}
