using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Instances;

/// <summary>
/// What a delete command means, given what is known of the instance. A delete outranks everything: it is accepted in any state, and the row that
/// it gives is the durable wish that later lets us destroy what carries the stamp.
/// </summary>
internal static class AcceptDelete
{
    public static DeleteAnswer Decide(Instance? known, DeleteInstance command, CellName parent, TimeSpan deadline, DateTimeOffset now) => known switch
    {
        null => new DeleteAnswer.Bury(Tombstone(command, parent, now), known),
        { IsDeleted: true } when command.Epoch <= known.Epoch => new DeleteAnswer.AlreadyDone(known),
        _ when command.Epoch < known.Epoch => new DeleteAnswer.AlreadyDone(known),       // that epoch was given back long ago
        { Released: true } or { Place: null } => new DeleteAnswer.Bury(AdvanceWorkflow.AsDeleted(Wished(known, command, parent, now), now) with { Generation = known.Generation + 1 }, known),
        { DeleteIntent: > 0 } when command.Epoch == known.Epoch => new DeleteAnswer.UnderWay(known),
        _ => new DeleteAnswer.Begin(Wished(known, command, parent, now) with
        {
            Work = DeleteOf(known.Work),
            TaskState = TaskState.Deleting,
            DeadlineAt = now + deadline,
        }),
    };

    private static Instance Wished(Instance row, DeleteInstance command, CellName parent, DateTimeOffset now) => row.Changed(now) with
    {
        Epoch = Math.Max(row.Epoch, command.Epoch),
        Parent = parent,
        DeleteIntent = command.Intent,
        WorkingIntent = Math.Max(row.WorkingIntent, command.Intent),
        // Nobody waits for what it outranks: the home's log of a server ends with it. Of what an interrupted action was cloning, the name is its image's.
        Actions = row.Actions is { Current: null, Waiting.Count: 0 }
            ? row.Actions
            : row.Actions with { Current = row.Actions.Current is { Image: not null } cloning ? cloning : null, Waiting = [], BeganAt = null, Moved = null },
    };

    /// <summary>The first step only waits for what another workflow had under way; with nothing under way the delete begins at the second.</summary>
    private static Work DeleteOf(Work? running) => running is { Workflow: not WorkflowKind.Delete }
        ? new Work(WorkflowKind.Delete, 0, Undoing: false, Interrupted: running.Step, InterruptedOf: running.Workflow)
        : new Work(WorkflowKind.Delete, 1, Undoing: false, Interrupted: null);

    private static Instance Tombstone(DeleteInstance command, CellName parent, DateTimeOffset now) => new(
        command.Instance, command.Project, "", parent, null, command.Epoch, 1, null, null,
        VmState.Deleted, TaskState.None, PowerState.NoState, command.Intent, command.Intent, command.Intent, true, null, 0, Story.Empty, null, null, null, now);
}

internal abstract record DeleteAnswer
{
    private DeleteAnswer() { }

    /// <summary>Nothing of it is on any host: the tombstone is committed together with the answer.</summary>
    /// <param name="Before">The row it replaces; null when there was none.</param>
    public sealed record Bury(Instance Row, Instance? Before) : DeleteAnswer;

    /// <summary>Deleted before, or never again under that epoch: say so (again).</summary>
    public sealed record AlreadyDone(Instance Row) : DeleteAnswer;

    /// <summary>The delete workflow runs: its end will answer.</summary>
    public sealed record UnderWay(Instance Row) : DeleteAnswer;

    /// <summary>Commit the wish, then let the delete workflow run after whatever step is under way.</summary>
    public sealed record Begin(Instance Row) : DeleteAnswer;
}
