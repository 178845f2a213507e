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
    public Actions Actions { get; init; } = Actions.None;

    /// <summary>Why the intent <see cref="AppliedIntent"/> was refused or failed; null when it was carried out.</summary>
    public string? Refusal { get; init; }

    /// <summary>
    /// Where it is to be, while a workflow brings it there: claimed in the change that sets it, moved to <see cref="Place"/> or given back in the one that
    /// ends the workflow. A delete gives back both.
    /// </summary>
    public SecondPlace? Destination { get; init; }

    /// <summary>What a resize or a cold migration left, claimed until it is confirmed, reverted or deleted.</summary>
    public SecondPlace? Origin { get; init; }

    /// <summary>The disks that it has, by role.</summary>
    public Disks Disks { get; init; } = Disks.None;

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

/// <summary>A place that an instance has a claim on besides its own.</summary>
/// <param name="Flavor">What it has there.</param>
/// <param name="HasDisk">A disk of its own is or will be there; false when it is the same disk that both places see.</param>
/// <param name="State">Active or stopped: what it is to be there.</param>
internal sealed record SecondPlace(Place Place, Flavor Flavor, bool HasDisk, VmState State);

/// <summary>What every object that we make carries in other_config: whose it is, by which assignment, by which attempt.</summary>
internal readonly record struct Stamp(InstanceId Instance, long Epoch, int Attempt);

/// <summary>Where a workflow stands. The step is the one to be done (or undone) next, durable before it begins.</summary>
/// <param name="Interrupted">Delete only: the step whose call may still have been under way; null when there was none.</param>
/// <param name="InterruptedOf">Whose step that is.</param>
/// <param name="Note">What later steps have to know of earlier ones, in the workflow's own words.</param>
/// <param name="UndoReason">Why an action is being undone: the words with which it ends. A build's stand in its story.</param>
internal sealed record Work(
    WorkflowKind Workflow, int Step, bool Undoing, int? Interrupted, WorkflowKind InterruptedOf = WorkflowKind.Build, string? Note = null, string? UndoReason = null);

/// <summary>Numbers are stored: never reuse one.</summary>
internal enum WorkflowKind
{
    Build = 1,
    Delete = 2,
    Start = 3,
    Stop = 4,
    RebootSoft = 5,
    RebootHard = 6,
    Pause = 7,
    Unpause = 8,
    Suspend = 9,
    Resume = 10,
    Rescue = 11,
    Unrescue = 12,
    Rebuild = 13,
    Resize = 14,
    ConfirmResize = 15,
    RevertResize = 16,
    LiveMigrate = 17,
    Snapshot = 18,
    Evacuate = 21,
}

/// <summary>What was asked after the build, in the order of intents.</summary>
/// <param name="Current">The one whose workflow runs; null when none does.</param>
/// <param name="Waiting">Accepted above while another one ran here; begun in their order, each judged again when its turn comes.</param>
/// <param name="Ended">How the last ones ended: a command that comes again is answered from here.</param>
/// <param name="BeganAt">When <paramref name="Current"/> began.</param>
/// <param name="Moved">Of the current one, once its place was chosen, or found to be none.</param>
internal sealed record Actions(
    ActOnInstance? Current, IReadOnlyList<ActOnInstance> Waiting, IReadOnlyList<InstanceActed> Ended, DateTimeOffset? BeganAt = null,
    MovedBetween? Moved = null)
{
    /// <summary>More than a home can have open at once for one instance; older ones are not asked again.</summary>
    public const int MostEnded = InstanceLifecycle.MostOpenActions;

    public static readonly Actions None = new(null, [], []);

    /// <summary>What the server was until its running action was shown as late; null while none is. An action that fails leaves that, not the lateness.</summary>
    public VmState? LateFrom { get; init; }
}

/// <summary>The way an instance took here, for people and for the refusal that may go up.</summary>
internal sealed record Story(IReadOnlyList<HostId> Tried, IReadOnlyList<Explanation> Why, IReadOnlyList<Refusal> Refusals)
{
    public static readonly Story Empty = new([], [], []);
}
