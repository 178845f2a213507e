using Cells.Compute.XenApi;

namespace Cells.Compute.Workflows;

/// <summary>The steps of a delete. Each reads what is there and removes it, so doing one again is its probe.</summary>
internal static class DeleteSteps
{
    /// <summary>
    /// The call of the step that was interrupted, or of one joined to it, may still be under way: what it makes must be there to be found before anything
    /// is removed. Behind a step that was not done nothing has begun.
    /// </summary>
    public static async Task<StepOutcome> SettleAsync(StepContext context, CancellationToken stop)
    {
        if (context.Row.Work is not { Interrupted: { } interrupted } work)
            return new StepOutcome.Done();
        var steps = Steps.Of(work.InterruptedOf);
        for (var index = interrupted; index < steps.Count && Steps.MayBeAt(work.InterruptedOf, interrupted, index); index++)
        {
            if (steps[index].Probe is not { } probe)
                continue;
            switch (await ProbeAsync(probe, context, stop))
            {
                case ProbeAnswer.Unknown unknown:
                    return new StepOutcome.Unknown(unknown.Reason);
                case ProbeAnswer.NotDone:
                    return new StepOutcome.Done();
            }
        }
        return new StepOutcome.Done();
    }

    private static async Task<ProbeAnswer> ProbeAsync(
        Func<StepContext, CancellationToken, Task<ProbeAnswer>> probe, StepContext context, CancellationToken stop)
    {
        try
        {
            return await probe(context, stop);
        }
        catch (XenApiFailure gone) when (gone.Code is "UUID_INVALID" or "HANDLE_INVALID")
        {
            return ProbeAnswer.NotDone.Instance;                // the probe of an action looks at the VM itself: what is gone has nothing under way
        }
    }

    public static async Task<StepOutcome> StopVmsAsync(StepContext context, CancellationToken stop)
    {
        await ObjectsOf.StopVmsAsync(context, stop);
        return new StepOutcome.Done();
    }

    public static async Task<StepOutcome> DestroyVmsAsync(StepContext context, CancellationToken stop)
    {
        await ObjectsOf.DestroyVmsAsync(context, stop);
        return new StepOutcome.Done();
    }

    public static async Task<StepOutcome> DestroyDisksAsync(StepContext context, CancellationToken stop)
    {
        await ObjectsOf.DestroyDisksAsync(context, stop);
        return new StepOutcome.Done();
    }
}
