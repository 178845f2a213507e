using Cells.Contracts.Wire;

namespace Cells.Contracts.Messages;

/// <summary>A command about one instance: its key is (instance, epoch, intent).</summary>
public interface IInstanceCommand
{
    InstanceId Instance { get; }
    long Epoch { get; }
    long Intent { get; }
}

/// <summary>An answer to a command about one instance: its key is its command's.</summary>
public interface IInstanceAnswer
{
    InstanceId Instance { get; }
    long Epoch { get; }
    long Intent { get; }
}

/// <summary>
/// Down: the last intent of an instance; it outranks all others. Answered by <see cref="InstanceDeleted"/> once nothing of the instance is
/// left. Unknown below, it leaves a tombstone, so that a late build of this or a lower epoch is refused.
/// </summary>
[WireName("instance.delete.v1")]
public sealed record DeleteInstance(InstanceId Instance, long Epoch, long Intent, ProjectId Project, string RequestId) : IInstanceCommand;

/// <summary>Up: no VM, VDI or claim of the instance is left below, and none will come.</summary>
[WireName("instance.deleted.v1")]
public sealed record InstanceDeleted(InstanceId Instance, long Epoch, long Intent, long LastGeneration) : IInstanceAnswer;

/// <summary>
/// State lane, kind "instance": what is, as its compute cell last committed it. Copies merge by (epoch, generation): lower is ignored.
/// </summary>
/// <param name="Cell">The compute cell that holds the epoch.</param>
/// <param name="Released">True once the cell gave the right to run back (refused or deleted): no later generation of this epoch comes from it.</param>
/// <param name="Fault">Why it is in error, in words for people; null otherwise.</param>
/// <param name="Step">"clone-disk 3/7" while a workflow runs; null otherwise.</param>
/// <param name="Refusal">Why the intent <paramref name="AppliedIntent"/> was refused or failed; null when it was carried out.</param>
public sealed record InstanceRow(
    InstanceId Instance,
    ProjectId Project,
    long Epoch,
    long Generation,
    CellName Cell,
    HostId? Host,
    string? HostName,
    VmState VmState,
    TaskState TaskState,
    PowerState PowerState,
    long WorkingIntent,
    long AppliedIntent,
    bool Released,
    string? Fault,
    string? Step,
    DateTimeOffset? LaunchedAt,
    DateTimeOffset UpdatedAt,
    string? Refusal = null);
