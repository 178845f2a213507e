using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Dispatch;

/// <summary>
/// How the door hands accepted requests to the dispatcher of its cell. The dispatcher commits what the door gives it together with its own rows
/// and messages, in one change, so that its memory and the database never differ about an instance.
/// </summary>
public interface IServerDispatch
{
    /// <summary>
    /// For each build: chooses a child and adds the dispatch row and the message to it. Nothing fits: the row ends refused in the same change,
    /// and the server shows its fault. Nobody heard: the row waits for a child until <paramref name="deadline"/>.
    /// </summary>
    /// <param name="builds">New instance ids; epoch 1, generation floor 0.</param>
    /// <param name="together">Quota guard and intents. If one misses, nothing of the request is written.</param>
    /// <param name="deadline">After it a server that is not finished shows ERROR by silence; judged by this cell's clock.</param>
    Task<DispatchOutcome> BuildAsync(
        IReadOnlyList<BuildInstance> builds, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop);

    /// <summary>
    /// Marks the instance's dispatch cancelled and adds the message to the child that was asked. Where nobody holds the instance, it is
    /// terminated (<see cref="IHomeIntents"/>) in the same change.
    /// </summary>
    /// <param name="delete">Its epoch is filled in from the dispatch row.</param>
    /// <param name="together">The intent 'deleted'.</param>
    Task<DispatchOutcome> DeleteAsync(
        DeleteInstance delete, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop);

    /// <summary>Adds the action to the instance's dispatch, and the message to the child that holds it or is about to.</summary>
    /// <param name="act">Its epoch is filled in from the dispatch row.</param>
    /// <param name="together">The intent, and its row in the server's log.</param>
    Task<DispatchOutcome> ActAsync(
        ActOnInstance act, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop);

    /// <summary>
    /// Asks whoever holds the instance, and waits for what it says: <see cref="DispatchOutcome.Told"/>, or <see cref="DispatchOutcome.Silent"/> when
    /// nothing came in time. Nothing is kept: a question that is lost is asked again.
    /// </summary>
    /// <param name="question">Its epoch is filled in from the dispatch row.</param>
    Task<DispatchOutcome> AskAsync(AskInstance question, string? traceParent, CancellationToken stop);
}

public abstract record DispatchOutcome
{
    private DispatchOutcome() { }

    /// <summary>Committed, missed (only writes of <c>together</c> are named: the dispatcher repeats its own misses itself) or unavailable.</summary>
    public sealed record Ended(CommitOutcome Outcome) : DispatchOutcome;

    /// <summary>No cell below holds the instance: nothing was written.</summary>
    public sealed record NotHeld : DispatchOutcome;

    /// <summary>What was asked about an instance, answered by the cell that holds it.</summary>
    public sealed record Told(InstanceTold Answer) : DispatchOutcome;

    /// <summary>The question is on its way, and no answer to it came within <paramref name="Waited"/>.</summary>
    public sealed record Silent(TimeSpan Waited) : DispatchOutcome;

    /// <summary>The work lane that this request needs is full and nothing was written: 503, and ask again after <paramref name="RetryAfter"/>.</summary>
    public sealed record LaneFull(CellName Link, TimeSpan RetryAfter) : DispatchOutcome;
}
