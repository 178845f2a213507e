using Cells.Compute.XenApi;

namespace Cells.Compute.Workflows;

/// <summary>Is a call whose answer was lost still being worked on?</summary>
internal static class Probing
{
    /// <summary>
    /// Every call that may take long has a task on the host while it runs, named after it (XenAPI, tasks); whose it is cannot be told. So the
    /// first probe notes all that are pending, and as long as one of these is, the outcome is unknown. Later ones are others'.
    /// </summary>
    public static async Task<string?> UnderWayAsync(StepContext context, string call, CancellationToken stop)
    {
        var tasks = await context.Pool.CallAsync(XenTask.GetAllRecords(), stop);
        var pending = context.Awaited.StillPending(
            call, tasks.Where(t => !t.Value.HasEnded && (t.Value.NameLabel == call || t.Value.NameLabel == $"Async.{call}")).Select(t => t.Key.Value));
        return pending == 0 ? null : $"{call} may still be under way ({pending} such tasks)";
    }
}
