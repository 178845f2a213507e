using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Instances;

/// <summary>
/// An instance's row as this cell last committed it. Values only: every change is a new record made by a pure function, guarded by (epoch,
/// generation) when it is written.
/// </summary>
/// <param name="Parent">The neighbour that gave the command; answers go there.</param>
/// <param name="Command">Null for a tombstone left by a delete that came first.</param>
/// <param name="Place">Where it is claimed; null when nothing of it is on any host.</param>
/// <param name="DeleteIntent">Not 0: the durable wish that lets us destroy what carries this instance's stamp.</param>
/// <param name="Released">The right to run was given back: final for this epoch.</param>
/// <param name="Attempt">Of this epoch, from 1; each is on another host.</param>
/// <param name="DeadlineAt">When the running workflow is shown as late.</param>
internal sealed record Instance(
    InstanceId Id,
    ProjectId Project,
    string Name,
    CellName Parent,
    BuildInstance? Command,
    long Epoch,
    long Generation,
    Place? Place,
    Guid? Vm,
    Guid? Vdi,
    VmState VmState,
    TaskState TaskState,
    PowerState PowerState,
    long WorkingIntent,
    long AppliedIntent,
    long DeleteIntent,
    bool Released,
    Work? Work,
    int Attempt,
    Story Story,
    string? Fault,
    DateTimeOffset? DeadlineAt,
    DateTimeOffset? LaunchedAt,
    DateTimeOffset UpdatedAt)
{
    public bool IsDeleted => Released && VmState == VmState.Deleted;

    /// <summary>Nothing is under way: what the host shows is what the row should say.</summary>
    public bool IsSettled => !Released && Work is null;

    /// <summary>What every object carries that this attempt makes.</summary>
    public Stamp Stamp => new(Id, Epoch, Attempt);

    /// <summary>The row after a change at <paramref name="now"/>: one generation on.</summary>
    public Instance Changed(DateTimeOffset now) => this with { Generation = Generation + 1, UpdatedAt = now };
}

/// <summary>A host and the SR that was chosen with it.</summary>
internal sealed record Place(PoolId Pool, HostId Host, string HostName, SrId Sr);

/// <summary>What every object that we make carries in other_config: whose it is, by which assignment, by which attempt.</summary>
internal readonly record struct Stamp(InstanceId Instance, long Epoch, int Attempt);

/// <summary>Where a workflow stands. The step is the one to be done (or undone) next, durable before it begins.</summary>
/// <param name="Interrupted">Delete only: the build step whose call may still have been under way; null when there was none.</param>
internal sealed record Work(WorkflowKind Workflow, int Step, bool Undoing, int? Interrupted);

/// <summary>Numbers are stored: never reuse one.</summary>
internal enum WorkflowKind
{
    Build = 1,
    Delete = 2,
}

/// <summary>The way an instance took here, for people and for the refusal that may go up.</summary>
internal sealed record Story(IReadOnlyList<HostId> Tried, IReadOnlyList<Explanation> Why, IReadOnlyList<Refusal> Refusals)
{
    public static readonly Story Empty = new([], [], []);
}
