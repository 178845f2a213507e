using Cells.Compute.XenApi;

namespace Cells.Compute.Workflows;

/// <summary>
/// Performs the step that a row stands at, and says how it ended. What a call throws becomes an outcome here and nowhere else: a plain no of the host is
/// a refusal, everything else is unknown until it is observed.
/// </summary>
internal static class RunStep
{
    /// <param name="maybeDone">The step may have been done, or begun, before: the host is asked first.</param>
    public static async Task<StepOutcome> PerformAsync(StepContext context, bool maybeDone, CancellationToken stop)
    {
        var work = context.Row.Work ?? throw new InvalidOperationException($"Instance {context.Row.Id} has no workflow to perform a step of.");
        var step = Steps.At(work);
        var doing = false;
        try
        {
            if (work.Undoing)
                return await UndoAsync(step, context, stop);
            if (step.Needs.HasFlag(Needs.Sr) && context.Sr.IsNull)
                return new StepOutcome.Refused("sr_gone", $"the pool has no SR {context.Row.Place?.Sr} any more");
            if (step.Needs.HasFlag(Needs.Second) && context.Target is null && (context.Row.Destination ?? context.Row.Origin) is { Place: var there })
                return new StepOutcome.Refused("place_gone", $"the pool has no host {there.HostName} or no SR {there.Sr} any more");
            if (maybeDone && step.Probe is { } probe)
            {
                switch (await probe(context, stop))
                {
                    case ProbeAnswer.Done done:
                        return done.Outcome;
                    case ProbeAnswer.Unknown unknown:
                        return new StepOutcome.Unknown(unknown.Reason);
                }
            }
            if (maybeDone && step is { GivesUp: true, Probe: not null } && context.Said.No is { } no)
                return new StepOutcome.Refused(no.Code, no.Message);
            if (step.Probe is not null)
                context.Awaited.Forget();                       // what is done from here on is a new call, with its own tasks
            doing = true;
            return await step.Do(context, stop);
        }
        catch (XenApiFailure failure) when (failure.Kind == FailureKind.Refuse && !work.Undoing && work.Workflow != Instances.WorkflowKind.Delete)
        {
            return new StepOutcome.Refused(failure.Code, failure.Message);
        }
        catch (XenApiException error)
        {
            if (doing && error is XenApiFailure said)
                context.Said.Note(said);
            else if (doing)
                context.Said.Forget();
            return new StepOutcome.Unknown(error.Message);
        }
    }

    private static async Task<StepOutcome> UndoAsync(WorkflowStep step, StepContext context, CancellationToken stop)
    {
        try
        {
            await (step.Undo ?? throw new InvalidOperationException($"Step '{step.Name}' has no undo, and none is asked of it (Steps.UndoAtOrBelow)."))(context, stop);
        }
        catch (XenApiFailure gone) when (gone.Code == "UUID_INVALID")
        {
            // Somebody removed the VM or the disk itself: there is nothing to be put back.
        }
        return new StepOutcome.Undone(context.Said.NotBack);
    }
}
