using Cells.Compute.XenApi;

namespace Cells.Compute.Workflows;

/// <summary>The steps of a delete. Each reads what is there and removes it, so doing one again is its probe.</summary>
internal static class DeleteSteps
{
    /// <summary>The call of the step that was interrupted may still be under way: what it makes must be there to be found before anything is removed.</summary>
    public static async Task<StepOutcome> SettleAsync(StepContext context, CancellationToken stop)
    {
        if (context.Row.Work is not { Interrupted: { } index } work || Steps.Of(work.InterruptedOf)[index].Probe is not { } probe)
            return new StepOutcome.Done();
        try
        {
            return await probe(context, stop) is ProbeAnswer.Unknown unknown ? new StepOutcome.Unknown(unknown.Reason) : new StepOutcome.Done();
        }
        catch (XenApiFailure gone) when (gone.Code is "UUID_INVALID" or "HANDLE_INVALID")
        {
            return new StepOutcome.Done();                      // the probe of an action looks at the VM itself: what is gone has nothing under way
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
