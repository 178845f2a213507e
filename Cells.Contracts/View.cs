using System.Globalization;
using Cells.Contracts.Messages;

namespace Cells.Contracts;

/// <summary>What the user last asked of a server, as far as the view needs it.</summary>
/// <param name="Number">Rises by one per accepted action; the build is 1.</param>
/// <param name="Task">
/// What the server shows until the cell that holds it works on this intent: scheduling for a build, deleting for a delete, else what its action sets at once.
/// </param>
/// <param name="TerminatedAt">Set once nothing of the server is left anywhere.</param>
public sealed record ViewIntent(long Number, TaskState Task, DateTimeOffset UpdatedAt, DateTimeOffset? TerminatedAt);

/// <summary>The home's dispatch row of the instance's highest epoch, as far as the view needs it.</summary>
/// <param name="Asked">The child that was asked; null when none was.</param>
/// <param name="Fault">The refusals as one sentence for people; only in state refused.</param>
/// <param name="Silence">Set when the intent's deadline passed without its end.</param>
public sealed record ViewDispatch(
    long Epoch, DispatchState State, CellName? Asked, string? Fault, DateTimeOffset SettledAt, ViewSilence? Silence);

/// <summary>A deadline that passed: how much had been reported by then. A report above that generation ends the silence.</summary>
/// <param name="Since">The last report on this server, or when the cell was asked.</param>
/// <param name="Generation">Generation of the observed row when the deadline passed; 0 for none.</param>
public sealed record ViewSilence(DateTimeOffset Since, long Generation, DateTimeOffset NotedAt);

/// <summary>How far a dispatch got. Numbers are stored.</summary>
public enum DispatchState
{
    /// <summary>No child has been asked yet, because none has been heard.</summary>
    Waiting = 1,

    /// <summary>The asked child has not answered yet.</summary>
    Asking = 2,

    /// <summary>The asked child holds the instance.</summary>
    Placed = 3,

    /// <summary>Ended: nobody below holds this epoch, and nobody will.</summary>
    Refused = 4,

    /// <summary>A delete follows the build to the asked child, which has not answered it yet.</summary>
    CancelledAsking = 5,

    /// <summary>Ended: nothing of the instance is left below. Also the tombstone that refuses a late build.</summary>
    Deleted = 6,
}

/// <summary>Why a server is in error, for people. Nova shows code 500 with it.</summary>
public sealed record ServerFault(string Message, DateTimeOffset Created);

/// <summary>What the API shows of a server's state.</summary>
/// <param name="Status">Nova's status word.</param>
/// <param name="Cell">The compute cell that reported; null before the first report.</param>
public sealed record ServerView(
    VmState VmState,
    TaskState TaskState,
    PowerState PowerState,
    string Status,
    ServerFault? Fault,
    CellName? Cell,
    HostId? Host,
    string? HostName,
    string? Step,
    DateTimeOffset? LaunchedAt,
    DateTimeOffset? TerminatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>
/// The one function from what was asked, where it was sent and what was reported to what is shown. Reads no clock: a passed deadline is a fact
/// on the dispatch row.
/// </summary>
public static class View
{
    /// <param name="observed">The merged copy, of whatever epoch; null before the first report.</param>
    public static ServerView Of(ViewIntent intent, ViewDispatch dispatch, InstanceRow? observed)
    {
        // A copy of an earlier epoch, or one whose cell gave the right to run back, says nothing of where the instance is now.
        var current = observed is { } row && row.Epoch == dispatch.Epoch && (!row.Released || row.VmState == VmState.Deleted) ? row : null;
        var updatedAt = Latest(intent.UpdatedAt, dispatch.SettledAt, current?.UpdatedAt);

        if (intent.TerminatedAt is { } terminated)
            return Show(VmState.Deleted, TaskState.None, PowerState.NoState, null, current, Latest(updatedAt, terminated, null)) with { TerminatedAt = terminated };
        if (dispatch.State == DispatchState.Deleted)
            return Show(VmState.Deleted, TaskState.None, PowerState.NoState, null, current, updatedAt) with { TerminatedAt = dispatch.SettledAt };
        if (dispatch.State == DispatchState.Refused)
            return Show(VmState.Error, TaskState.None, PowerState.NoState,
                new ServerFault(dispatch.Fault ?? NoValidHost, dispatch.SettledAt), null, updatedAt);

        var applied = current?.AppliedIntent ?? 0;
        var working = current?.WorkingIntent ?? 0;
        var power = current?.PowerState ?? PowerState.NoState;

        if (dispatch.Silence is { } silence && intent.Number > applied && (current?.Generation ?? 0) <= silence.Generation)
            return Show(VmState.Error, Pending(TaskState.None), power,
                new ServerFault(SilenceText(dispatch.Asked, silence.Since), silence.NotedAt), current, updatedAt);
        if (current is null)
            return Show(VmState.Building, intent.Task, power, null, null, updatedAt);
        return Show(current.VmState, intent.Number > Math.Max(applied, working) ? intent.Task : current.TaskState, power,
            current.VmState == VmState.Error ? new ServerFault(current.Fault ?? "The cell gave no reason.", current.UpdatedAt) : null,
            current, updatedAt);

        // A delete stays visible under the error: it is still the cell's, and nothing else is accepted meanwhile.
        TaskState Pending(TaskState otherwise) => intent.Task == TaskState.Deleting ? TaskState.Deleting : otherwise;
    }

    /// <summary>How a refused server's fault begins, as in Nova.</summary>
    public const string NoValidHost = "No valid host was found.";

    private static string SilenceText(CellName? asked, DateTimeOffset since) =>
        $"Cell {(asked is { } name ? name.Value : "(none asked)")} has been silent since "
        + since.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        + ", the request stays with it; its next report corrects this.";

    private static ServerView Show(
        VmState state, TaskState task, PowerState power, ServerFault? fault, InstanceRow? from, DateTimeOffset updatedAt) => new(
        state, task, power, InstanceStateNames.Status(state, task), fault,
        from?.Cell, from?.Host, from?.HostName, from?.Step, from?.LaunchedAt, TerminatedAt: null, updatedAt);

    private static DateTimeOffset Latest(DateTimeOffset a, DateTimeOffset b, DateTimeOffset? c)
    {
        var later = a >= b ? a : b;
        return c is { } third && third > later ? third : later;
    }
}
