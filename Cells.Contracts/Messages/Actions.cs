using Cells.Contracts.Wire;

namespace Cells.Contracts.Messages;

/// <summary>
/// Down: one accepted action on an instance, to whoever holds its epoch. Intents are carried out in their order, each once; (instance, epoch, intent)
/// makes a second copy harmless. Answered by <see cref="InstanceActed"/>; a delete that overtakes it leaves it unanswered.
/// </summary>
/// <param name="ResetTo">Of a reset: active or error.</param>
/// <param name="Image">Of a rebuild: what the new root disk is made of. Of a rescue: what the guest boots from.</param>
[WireName("instance.act.v1")]
public sealed record ActOnInstance(
    InstanceId Instance,
    long Epoch,
    long Intent,
    ProjectId Project,
    UserId User,
    string RequestId,
    InstanceAction Action,
    VmState? ResetTo = null,
    ImageSpec? Image = null) : IInstanceCommand
{
    /// <summary>Of a resize: what it is to be. Null leaves it as it is.</summary>
    public Flavor? Flavor { get; init; }

    /// <summary>Of an image or backup that is made of it: which image its home is to be sent the bytes of.</summary>
    public ImageId? Snapshot { get; init; }

    /// <summary>Of a migration: the only host that will do, by name; null for any that fits.</summary>
    public string? Host { get; init; }
}

/// <summary>Up: how an action ended. Keyed by its command.</summary>
/// <param name="Reason">Why it was refused or failed, for people; null when it was carried out.</param>
/// <param name="BeganAt">By the clock of the cell that did it, as is <paramref name="EndedAt"/>: for people.</param>
[WireName("instance.acted.v1")]
public sealed record InstanceActed(
    InstanceId Instance,
    long Epoch,
    long Intent,
    ActionOutcome Outcome,
    string? Reason,
    string? HostName,
    DateTimeOffset BeganAt,
    DateTimeOffset EndedAt) : IInstanceAnswer
{
    /// <summary>Where it was when the action began and where it went, for one that chose a place; null for any other.</summary>
    public MovedBetween? Moved { get; init; }

    /// <summary>What it has since a resize, its confirmation or its revert ended; null for any other action.</summary>
    public FlavorsHeld? Flavors { get; init; }

    /// <summary>Of a rebuild: what its own disk is made of by now, whatever the outcome; null for any other, and from a cell that does not say.</summary>
    public ImageId? Image { get; init; }
}

/// <param name="Flavor">What the instance has now.</param>
/// <param name="Former">What it may go back to, and still holds; null when there is nothing to confirm.</param>
public sealed record FlavorsHeld(Flavor Flavor, Flavor? Former);

/// <summary>The two ends of a resize or migration, as far as they were known.</summary>
/// <param name="To">Null when no place was found.</param>
/// <param name="Why">The decision about the place.</param>
public sealed record MovedBetween(string? From, string? To, Explanation? Why);

/// <summary>Numbers are stored and sent: never reuse one.</summary>
public enum ActionOutcome
{
    Done = 1,

    /// <summary>Nothing was done: what the request was judged by had changed by the time it arrived.</summary>
    Refused = 2,

    /// <summary>The host said no; what it did before that stays.</summary>
    Failed = 3,
}
