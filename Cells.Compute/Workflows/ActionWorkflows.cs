using Cells.Compute.Images;
using Cells.Compute.Instances;
using Cells.Compute.Placement;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Workflows;

/// <summary>Which workflow carries an action out. A new action is a row of this table, with steps of its own.</summary>
internal static class ActionWorkflows
{
    /// <summary>Whether this cell has it at all: one from a home of a later version is refused, by name.</summary>
    public static bool Knows(InstanceAction action) => action is
        InstanceAction.Start or InstanceAction.Stop or InstanceAction.RebootSoft or InstanceAction.RebootHard or InstanceAction.Pause or
        InstanceAction.Unpause or InstanceAction.Suspend or InstanceAction.Resume or InstanceAction.ResetState or
        InstanceAction.Rebuild or InstanceAction.Rescue or InstanceAction.Unrescue or
        InstanceAction.Resize or InstanceAction.Migrate or InstanceAction.ConfirmResize or InstanceAction.RevertResize or InstanceAction.LiveMigrate or
        InstanceAction.CreateImage or InstanceAction.CreateBackup or InstanceAction.Evacuate;

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
        InstanceAction.Rebuild => WorkflowKind.Rebuild,
        InstanceAction.Rescue => WorkflowKind.Rescue,
        InstanceAction.Unrescue => WorkflowKind.Unrescue,
        InstanceAction.CreateImage or InstanceAction.CreateBackup => WorkflowKind.Snapshot,
        InstanceAction.Evacuate => WorkflowKind.Evacuate,
        InstanceAction.ResetState => null,
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "no action of a compute cell"),
    };

    /// <summary>What the workflow is to remember of the server as it begins; null for nothing.</summary>
    public static string? FirstNote(WorkflowKind workflow, Instance row) => workflow is WorkflowKind.Rebuild or WorkflowKind.Rescue or WorkflowKind.Unrescue
        ? BootDiskSteps.NoteOf(row)
        : null;

    /// <summary>Why this instance cannot have the action, whatever its state; null when it can.</summary>
    public static string? Impossible(ActOnInstance command, Instance row) => command.Action switch
    {
        // Each of them gives a disk a role that another one has: the row would forget it.
        InstanceAction.Rebuild or InstanceAction.Rescue or InstanceAction.Resize or InstanceAction.Migrate when row.Origin is not null =>
            $"Instance {row.Id} is resized: confirm or revert that first.",
        InstanceAction.Rebuild or InstanceAction.Rescue or InstanceAction.Resize or InstanceAction.Migrate when row.Disks.Rescue is not null =>
            $"Instance {row.Id} is rescued: unrescue it first.",
        InstanceAction.Rebuild when command.Image is null => "A rebuild has to name an image.",
        // What is claimed of the SR is the flavor's disk, or the first image where that is larger.
        InstanceAction.Rebuild when row.Command is { } built && FetchImage.RoundedUp(command.Image!.SizeBytes) > ClaimOf.RequestOf(built, []).DiskBytes =>
            $"Image {command.Image.Id} needs {command.Image.SizeBytes} bytes of disk, and instance {row.Id} has {ClaimOf.RequestOf(built, []).DiskBytes}.",
        _ => null,
    };
}
