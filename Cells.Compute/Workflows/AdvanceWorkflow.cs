using Cells.Compute.Instances;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Workflows;

/// <summary>
/// Where an instance's workflow goes after a step: a pure function of the row and the outcome. The row it gives is committed before the next
/// step begins.
/// </summary>
internal static class AdvanceWorkflow
{
    /// <param name="deadlines">Given to an action that begins because the running one has ended.</param>
    public static Advance On(Instance row, StepOutcome outcome, CellName cell, ActionDeadlines deadlines, DateTimeOffset now) => (row.Work, outcome) switch
    {
        (null, _) or (_, StepOutcome.Unknown or StepOutcome.Later) => Advance.Wait.Instance,
        ({ Workflow: WorkflowKind.Build, Undoing: false } w, StepOutcome.Done done) => AfterBuildStep(row, w, done, deadlines, now),
        ({ Workflow: WorkflowKind.Build, Undoing: false } w, StepOutcome.Refused refused) => BeginUndo(row, w, refused, cell, now),
        ({ Workflow: WorkflowKind.Build, Undoing: true } w, StepOutcome.Undone) => AfterUndo(row, w, now),
        ({ Workflow: WorkflowKind.Delete } w, StepOutcome.Done) => AfterDeleteStep(row, w, now),
        ({ Workflow: not (WorkflowKind.Build or WorkflowKind.Delete), Undoing: false } w, StepOutcome.Done done) => AfterActionStep(row, w, done, deadlines, now),
        ({ Workflow: not (WorkflowKind.Build or WorkflowKind.Delete), Undoing: false } w, StepOutcome.Refused refused) =>
            UndoAction(row, w with { UndoReason = Failure(row, w, refused) }, Steps.UndoAtOrBelow(w.Workflow, w.Step, refused: true), deadlines, now),
        ({ Workflow: not (WorkflowKind.Build or WorkflowKind.Delete), Undoing: true } w, StepOutcome.Undone undone) =>
            UndoAction(Forgotten(row, w), undone.But is { } but ? w with { UndoReason = $"{w.UndoReason}; {but}" } : w, Steps.UndoAtOrBelow(w.Workflow, w.Step - 1, refused: false), deadlines, now),
        _ => Advance.Wait.Instance,                             // an undo or a delete that was refused is tried again: it may not be given up
    };

    /// <summary>The row as the step after a done one finds it: what was learned, and one step on. Not a change: that is made of it when it is committed.</summary>
    public static Instance Pass(Instance row, StepOutcome.Done done)
    {
        var work = row.Work ?? throw new ArgumentException($"Instance {row.Id} stands at no step.", nameof(row));
        return row with
        {
            Vm = done.Vm ?? row.Vm,
            Disks = done.Disks ?? row.Disks,
            Command = done.Command ?? row.Command,
            Work = work with { Step = work.Step + 1, Note = done.Note ?? work.Note },
        };
    }

    /// <summary>
    /// The deadline of the running workflow has passed: that is shown, and nothing else follows from it. The step goes on being probed, and a
    /// later outcome corrects the row.
    /// </summary>
    public static Instance? Late(Instance row, DateTimeOffset now)
    {
        if (row is not { Work: { } work, DeadlineAt: { } deadline } || now < deadline)
            return null;
        var step = Steps.NameOf(work);
        var what = work.Workflow == WorkflowKind.Delete ? null : row.Actions.Current?.Action.LogName();
        var fault = $"Host {row.Place?.HostName}: the {what ?? work.Workflow.ToString().ToLowerInvariant()} has not got past '{step}' "
            + "in time. It goes on as soon as the host answers; a delete is accepted meanwhile.";
        // A server is itself while it is deleted, and while an image is made of it.
        var staysItself = work.Workflow is WorkflowKind.Delete or WorkflowKind.Snapshot;
        return row.Changed(now) with
        {
            Fault = fault,
            DeadlineAt = null,
            VmState = staysItself ? row.VmState : VmState.Error,
            TaskState = staysItself ? row.TaskState : TaskState.None,
            Actions = staysItself || work.Workflow == WorkflowKind.Build ? row.Actions : row.Actions with { LateFrom = row.VmState },
        };
    }

    /// <summary>Note of a build that replaces a server which was stopped: so is what is built.</summary>
    public const string ThenStop = "then-stop";

    private static Advance AfterBuildStep(Instance row, Work work, StepOutcome.Done done, ActionDeadlines deadlines, DateTimeOffset now)
    {
        var next = Pass(row, done).Changed(now) with { Fault = null, VmState = VmState.Building };
        var index = work.Step + 1;
        if (index < Steps.Build.Count)
            return new Advance.Continue(next with { TaskState = Steps.Build[index].Shows });
        var built = next with
        {
            Work = null,
            DeadlineAt = null,
            VmState = VmState.Active,
            TaskState = TaskState.None,
            PowerState = PowerState.Running,                    // the last step ends only when the host shows it running
            LaunchedAt = now,
            Actions = row.Actions.LateFrom is null ? row.Actions : row.Actions with { LateFrom = null },
        };
        // Built anew for an action, the end of the build is the action's, or nearly so.
        return row.Actions.Current is null ? new Advance.Settled(built with { AppliedIntent = Math.Max(row.AppliedIntent, row.WorkingIntent) })
            : work.Note == ThenStop ? new Advance.Continue(built with { Work = new Work(WorkflowKind.Stop, 0, Undoing: false, Interrupted: null), TaskState = TaskState.PoweringOff })
            : new Advance.Acted(TakeAction.End(built, ActionOutcome.Done, null, PowerState.Running, deadlines, now));
    }

    private static Advance AfterActionStep(Instance row, Work work, StepOutcome.Done done, ActionDeadlines deadlines, DateTimeOffset now)
    {
        var steps = Steps.Of(work.Workflow);
        var index = work.Step + 1;
        var after = Pass(row, done);
        return index == steps.Count
            ? new Advance.Acted(TakeAction.End(after, ActionOutcome.Done, null, done.Power, deadlines, now))
            : new Advance.Continue(after.Changed(now) with
            {
                TaskState = row.DeadlineAt is null ? row.TaskState : steps[index].Shows,     // shown as late, it stays an error to its end
            });
    }

    /// <summary>The next undo, or the end of the action when nothing is left to be undone.</summary>
    private static Advance UndoAction(Instance row, Work work, int step, ActionDeadlines deadlines, DateTimeOffset now) => step >= 0
        ? new Advance.Continue(row.Changed(now) with { Work = work with { Step = step, Undoing = true } })
        : new Advance.Acted(TakeAction.End(row, ActionOutcome.Failed, work.UndoReason, null, deadlines, now));

    /// <summary>What an undone step had made is not there any more.</summary>
    private static Instance Forgotten(Instance row, Work work) => Steps.At(work).Makes is { } role ? row with { Disks = row.Disks.With(role, null) } : row;

    private static string Failure(Instance row, Work work, StepOutcome.Refused refused) =>
        $"Host {row.Place?.HostName}: step '{Steps.NameOf(work)}' was refused: {refused.Reason}";

    private static Advance BeginUndo(Instance row, Work work, StepOutcome.Refused refused, CellName cell, DateTimeOffset now)
    {
        var refusal = new Refusal(cell, refused.Code == StepOutcome.ImageUnavailable ? refused.Code : "build_failed",
            $"Host {row.Place?.HostName}, attempt {row.Attempt}: step '{Steps.NameOf(work)}' was refused: {refused.Reason}", null);
        var told = row.Changed(now) with { Story = row.Story with { Refusals = [.. row.Story.Refusals, refusal] } };
        return UndoFrom(told, work, work.Step);                 // the refused step too: it may have done a part
    }

    private static Advance AfterUndo(Instance row, Work work, DateTimeOffset now) => UndoFrom(row.Changed(now), work, work.Step - 1);

    private static Advance UndoFrom(Instance row, Work work, int step) => Steps.UndoAtOrBelow(WorkflowKind.Build, step, refused: false) is var next && next >= 0
        ? new Advance.Continue(row with { Work = work with { Step = next, Undoing = true } })
        : new Advance.Undone(row with { Work = null, Vm = null, Disks = Disks.None, VmState = VmState.Building, TaskState = TaskState.Scheduling, Fault = null });

    private static Advance AfterDeleteStep(Instance row, Work work, DateTimeOffset now) => work.Step + 1 < Steps.Delete.Count
        ? new Advance.Continue(row.Changed(now) with { Work = work with { Step = work.Step + 1 }, Fault = null })
        : new Advance.Deleted(AsDeleted(row, now));

    /// <summary>The tombstone: nothing of it is left on any host, and none will come.</summary>
    public static Instance AsDeleted(Instance row, DateTimeOffset now) => row.Changed(now) with
    {
        Place = null,
        Destination = null,
        Origin = null,
        Vm = null,
        Disks = Disks.None,
        Actions = row.Actions.Current is null ? row.Actions : row.Actions with { Current = null },
        VmState = VmState.Deleted,
        TaskState = TaskState.None,
        PowerState = PowerState.NoState,
        AppliedIntent = Math.Max(row.AppliedIntent, row.DeleteIntent),
        Released = true,
        Work = null,
        Fault = null,
        DeadlineAt = null,
    };
}

internal abstract record Advance
{
    private Advance() { }

    /// <summary>Commit, then perform the row's step.</summary>
    public sealed record Continue(Instance Row) : Advance;

    /// <summary>The build is done: commit; what the host shows counts from here on.</summary>
    public sealed record Settled(Instance Row) : Advance;

    /// <summary>An action has ended: commit together with its answers, then perform what the row stands at now, if anything.</summary>
    public sealed record Acted(TakenAction.Take Taken) : Advance;

    /// <summary>The attempt left nothing behind: the placer claims another host in its place, or gives the right to run back.</summary>
    public sealed record Undone(Instance Row) : Advance;

    /// <summary>Commit together with the release of the claim and the answer.</summary>
    public sealed record Deleted(Instance Row) : Advance;

    /// <summary>Nothing is written; the step is performed again later, probing first.</summary>
    public sealed record Wait : Advance
    {
        public static readonly Wait Instance = new();
    }
}
