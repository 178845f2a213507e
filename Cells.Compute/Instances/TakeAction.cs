using Cells.Compute.Workflows;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Instances;

/// <summary>
/// What an action's command means, given what is known of the instance, and what its end leads to. Actions run one at a time, in the order of their
/// intents; each is judged when its turn comes, by what is so then.
/// </summary>
internal static class TakeAction
{
    public static TakenAction Decide(Instance? known, ActOnInstance command, ComputeHooks hooks, ActionDeadlines deadlines, DateTimeOffset now)
    {
        if (known is null || known.Epoch != command.Epoch || known.Released)
            return Say(command, $"The cell does not hold epoch {command.Epoch} of instance {command.Instance}.", now);
        if (known.DeleteIntent > 0)
            return Say(command, $"Instance {command.Instance} is being deleted.", now);
        if (!hooks.RepeatActions && Repeated(known, command, now) is { } again)
            return again;

        var waits = known.Changed(now) with { Actions = known.Actions with { Waiting = [.. known.Actions.Waiting, command] } };
        return known.Work is null ? BeginNext(waits, [], deadlines, now) : new TakenAction.Take(waits, []);
    }

    /// <summary>What a command that came before means now; null for one that is new.</summary>
    private static TakenAction? Repeated(Instance known, ActOnInstance command, DateTimeOffset now)
    {
        if (known.Actions.Ended.FirstOrDefault(e => e.Intent == command.Intent) is { } ended)
            return new TakenAction.Say(ended);
        if (known.Actions.Current?.Intent == command.Intent || known.Actions.Waiting.Any(w => w.Intent == command.Intent))
            return TakenAction.UnderWay.Instance;
        return command.Intent <= known.AppliedIntent ? Say(command, $"Intent {command.Intent} of instance {command.Instance} ended long ago.", now) : null;
    }

    /// <summary>The running action, or what the cell does by itself, has ended; whatever waits begins in the same change.</summary>
    /// <param name="power">What the host showed at its end; null when nobody looked.</param>
    public static TakenAction.Take End(Instance row, ActionOutcome outcome, string? reason, PowerState? power, ActionDeadlines deadlines, DateTimeOffset now)
    {
        // That it was late says nothing of what it is.
        var moved = SettleMove.At(row.Actions.LateFrom is { } was ? row with { VmState = was, Actions = row.Actions with { LateFrom = null } } : row, outcome);
        var state = power is { } shown ? CorrectObserved.StateOf(shown, moved) : moved.VmState;
        var settled = moved.Changed(now) with
        {
            Work = null,
            DeadlineAt = null,
            VmState = state,
            PowerState = power ?? row.PowerState,
            Fault = state == VmState.Error ? reason ?? row.Fault : null,
        };
        if (row.Actions.Current is not { } current)
            return BeginNext(settled, [], deadlines, now);
        var (ended, answer) = Ended(settled, current, outcome, reason, row.Actions.BeganAt ?? now, now);
        return BeginNext(ended, [answer], deadlines, now);
    }

    private static TakenAction.Take BeginNext(Instance row, IReadOnlyList<InstanceActed> answers, ActionDeadlines deadlines, DateTimeOffset now)
    {
        if (row.Actions.Waiting.Count == 0)
            return new TakenAction.Take(row with { TaskState = TaskState.None }, answers);
        var next = row.Actions.Waiting[0];
        var first = row with { Actions = row.Actions with { Waiting = [.. row.Actions.Waiting.Skip(1)] } };
        var verdict = ActionWorkflows.Knows(next.Action)
            ? InstanceLifecycle.Judge(next.Action, row.Id, new GuardedState(row.VmState, TaskState.None, row.LaunchedAt is not null, Locked: false))
            : new ActionVerdict(TaskState.None, $"The cell that holds instance {row.Id} does not know the action '{next.Action.RequestName()}'.");
        if (verdict.IsAccepted && ActionWorkflows.Impossible(next, row) is { } impossible)
            verdict = new ActionVerdict(TaskState.None, impossible);
        if (verdict.IsAccepted && ActionWorkflows.Of(next.Action) is { } workflow)
            return new TakenAction.Take(
                first with
                {
                    Work = new Work(workflow, 0, Undoing: false, Interrupted: null, Note: ActionWorkflows.FirstNote(workflow, row)),
                    TaskState = verdict.Task,
                    WorkingIntent = Math.Max(row.WorkingIntent, next.Intent),
                    Actions = first.Actions with { Current = next, BeganAt = now },
                    DeadlineAt = now + deadlines.For(workflow),
                },
                answers);

        var (over, answer) = verdict.IsAccepted
            ? Ended(Reset(first, next), next, ActionOutcome.Done, null, now, now)
            : Ended(first, next, ActionOutcome.Refused, verdict.Refusal, now, now);
        return BeginNext(over, [.. answers, answer], deadlines, now);
    }

    /// <summary>An administrator says what it is. What its host shows is judged against that at once, and wins where the two differ.</summary>
    private static Instance Reset(Instance row, ActOnInstance command) => row with
    {
        VmState = command.ResetTo ?? VmState.Error,
        Fault = command.ResetTo == VmState.Active ? null : $"An administrator has set it to error ({command.RequestId}).",
    };

    private static (Instance Row, InstanceActed Answer) Ended(
        Instance row, ActOnInstance command, ActionOutcome outcome, string? reason, DateTimeOffset began, DateTimeOffset now)
    {
        var answer = new InstanceActed(row.Id, row.Epoch, command.Intent, outcome, reason, row.Place?.HostName, began, now)
        {
            Moved = row.Actions.Moved,
            Flavors = command.Action is InstanceAction.Resize or InstanceAction.Migrate or InstanceAction.ConfirmResize or InstanceAction.RevertResize && row.Command is { } has
                ? new FlavorsHeld(has.Flavor, row.Origin?.Flavor)
                : null,
            Image = command.Action == InstanceAction.Rebuild ? row.Command?.Image.Id : null,
        };
        return (row with
        {
            AppliedIntent = Math.Max(row.AppliedIntent, command.Intent),
            Refusal = reason,
            Actions = row.Actions with { Current = null, BeganAt = null, Moved = null, Ended = [.. row.Actions.Ended.TakeLast(Actions.MostEnded - 1), answer] },
        }, answer);
    }

    private static TakenAction.Say Say(ActOnInstance command, string reason, DateTimeOffset now) =>
        new(new InstanceActed(command.Instance, command.Epoch, command.Intent, ActionOutcome.Refused, reason, null, now, now));
}

internal abstract record TakenAction
{
    private TakenAction() { }

    /// <summary>Nothing changes here: it ended before, or it never can be taken.</summary>
    public sealed record Say(InstanceActed Answer) : TakenAction;

    /// <summary>It came before and has not ended: its end will answer.</summary>
    public sealed record UnderWay : TakenAction
    {
        public static readonly UnderWay Instance = new();
    }

    /// <summary>Commit the row together with the answers; then perform what it stands at.</summary>
    public sealed record Take(Instance Row, IReadOnlyList<InstanceActed> Answers) : TakenAction;
}
