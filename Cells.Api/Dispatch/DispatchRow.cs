using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Dispatch;

/// <summary>
/// Where one epoch of an instance was sent: a row of <c>dispatch</c>. It is the route for every later command and report of that epoch.
/// </summary>
/// <param name="Parent">Link the command came from; null at the home.</param>
/// <param name="Asked">Child that was asked last; null when none was.</param>
/// <param name="LastGeneration">Highest generation that a refusing child used in this epoch.</param>
/// <param name="Build">The command as it came; null for a tombstone of an instance that was never seen here.</param>
/// <param name="Why">This cell's own choices, in order.</param>
/// <param name="Tried">Each child that refused, in order.</param>
/// <param name="Placed">The child's answer, as it came.</param>
/// <param name="Fault">At the home, in state refused: the story as one sentence.</param>
/// <param name="Deadline">Judged by this cell's clock; null when nothing is waited for.</param>
/// <param name="Generation">1 for a row that is not stored yet; every update adds one and is guarded by it.</param>
internal sealed record DispatchRow(
    InstanceId Instance,
    long Epoch,
    long Intent,
    CellName? Parent,
    DispatchState State,
    CellName? Asked,
    long? DeleteIntent,
    long LastGeneration,
    BuildInstance? Build,
    IReadOnlyList<Explanation> Why,
    IReadOnlyList<Trial> Tried,
    InstancePlaced? Placed,
    string? Fault,
    DateTimeOffset? Deadline,
    ViewSilence? Silence,
    DateTimeOffset AskedAt,
    DateTimeOffset SettledAt,
    long Generation)
{
    /// <summary>Actions that went to the child and have not been answered, in the order of their intents.</summary>
    public IReadOnlyList<ActOnInstance> Acts { get; init; } = [];

    public bool IsHome => Parent is null;

    /// <summary>Somebody below holds the epoch, or may.</summary>
    public bool IsOpen => State is DispatchState.Waiting or DispatchState.Asking or DispatchState.CancelledAsking;

    public ViewDispatch ForView => new(Epoch, State, Asked, Fault, SettledAt, Silence);
}

/// <summary>A child that was asked and refused, and everything it said.</summary>
public sealed record Trial(CellName Child, IReadOnlyList<Refusal> Said);
