using Cells.Api.Fleet;
using Cells.Api.Nova;
using Cells.Contracts;

namespace Cells.Api.Admin;

/// <summary>GET /cells/v1/servers: the servers of all projects whose home this cell is.</summary>
/// <param name="Next">Marker of the next page; null when this is the last one.</param>
public sealed record AdminServerList(IReadOnlyList<AdminServer> Servers, string? Next);

/// <summary>A server as the operator sees it: what its owner sees, and where it is.</summary>
/// <param name="Cell">The compute cell that reported it; null before the first report.</param>
/// <param name="Asked">This cell's child that was asked last; null when none was.</param>
/// <param name="Step">A workflow under way, such as <c>clone-disk 3/8</c>.</param>
/// <param name="Fault">Why it is in error; null otherwise.</param>
/// <param name="Silent">Its cell, or one on the way to it, is not heard: what is shown is the last that is known.</param>
/// <param name="HeardSecondsAgo">Age of the last news of its cell; null when it has none, or none came since this cell started.</param>
public sealed record AdminServer(
    Guid Server,
    string Name,
    string Project,
    string User,
    string Status,
    string VmState,
    string? TaskState,
    int PowerState,
    string? Cell,
    string? Asked,
    string? Host,
    Guid? HostId,
    string? Step,
    string? Fault,
    string Flavor,
    int Vcpus,
    long MemoryMib,
    long DiskGib,
    long Epoch,
    long Intent,
    long AppliedIntent,
    string RequestId,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? LaunchedAt,
    bool Silent,
    double? HeardSecondsAgo)
{
    internal static AdminServer Of(Server server, IReadOnlyDictionary<string, CellAge> ages)
    {
        var (intent, view) = (server.Intent, server.View);
        // Without a report it is the asked child's word that is waited for.
        var source = (view.Cell ?? server.Dispatch.Asked)?.Value;
        var age = source is null ? default : ages.TryGetValue(source, out var known) ? known : CellAge.Unknown;
        return new AdminServer(
            intent.Id.Value, intent.Name, intent.Project.ToString(), intent.User.ToString(), view.Status, view.VmState.Name(), view.TaskState.Name(),
            (int)view.PowerState, view.Cell?.Value, server.Dispatch.Asked?.Value, view.HostName, view.Host?.Value, view.Step, view.Fault?.Message,
            intent.Flavor.Name, intent.Flavor.Vcpus, intent.Flavor.MemoryMib, intent.Flavor.DiskGib, server.Dispatch.Epoch, intent.Number,
            server.Observed?.AppliedIntent ?? 0, intent.RequestId, intent.CreatedAt, view.UpdatedAt, view.LaunchedAt, age.Silent, age.HeardSecondsAgo);
    }
}

/// <summary>GET /cells/v1/tasks: what is being done with servers, the first to be due first.</summary>
public sealed record TaskList(IReadOnlyList<TaskView> Tasks, string? Next);

/// <summary>Something that was accepted and has not ended, or that a cell does with a server by itself.</summary>
/// <param name="Task">task_state, such as <c>spawning</c>.</param>
/// <param name="Step">Name of the workflow's step; null while no cell has begun.</param>
/// <param name="Undoing">The workflow takes back what it did.</param>
/// <param name="Percent">Of the workflow's steps that are over; null while no cell has begun.</param>
/// <param name="Since">When the request was accepted.</param>
/// <param name="Deadline">The request ends by then, or is shown as an error of silence.</param>
/// <param name="ReportedAt">When the cell wrote its last report of it, by its own clock; null before the first.</param>
public sealed record TaskView(
    Guid Server,
    string Name,
    string Project,
    string? Task,
    string? Step,
    bool Undoing,
    int? StepNumber,
    int? Steps,
    int? Percent,
    DateTimeOffset Since,
    double SinceSeconds,
    DateTimeOffset Deadline,
    bool Overdue,
    string? Cell,
    string? Host,
    DateTimeOffset? ReportedAt,
    string RequestId,
    bool Silent,
    double? HeardSecondsAgo)
{
    internal static TaskView Of(Server server, IReadOnlyDictionary<string, CellAge> ages, DateTimeOffset now)
    {
        var (intent, shown) = (server.Intent, AdminServer.Of(server, ages));
        var progress = StepProgress.Parse(shown.Step);
        var since = intent.Number == 1 ? intent.CreatedAt : intent.UpdatedAt;
        return new TaskView(
            shown.Server, shown.Name, shown.Project, shown.TaskState, progress?.Step, progress?.Undoing ?? false, progress?.Number, progress?.Of,
            progress?.Percent, since, Math.Max(0, (now - since).TotalSeconds), intent.Deadline, now > intent.Deadline, shown.Cell ?? shown.Asked, shown.Host,
            server.Observed?.UpdatedAt, shown.RequestId, shown.Silent, shown.HeardSecondsAgo);
    }
}
