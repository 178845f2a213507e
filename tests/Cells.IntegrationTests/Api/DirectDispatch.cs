using System.Collections.Concurrent;
using Cells.Api.Dispatch;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;

namespace Cells.IntegrationTests.Api;

/// <summary>A dispatcher without cells below: a build waits for a child, and a delete of what nobody holds ends at once.</summary>
internal sealed class DirectDispatch(ICommitter committer, TimeProvider time) : IServerDispatch
{
    /// <summary>Answered in place of a commit, once.</summary>
    public DispatchOutcome? Next { get; set; }

    /// <summary>The dispatcher is gone: every question to it times out.</summary>
    public bool NeverAnswers { get; set; }

    /// <summary>Answered in place of a commit, once, to an action on that instance: other fixtures act beside.</summary>
    public ConcurrentDictionary<InstanceId, DispatchOutcome> NextOf { get; } = [];

    /// <summary>Deletes stay open: a cell below is at it.</summary>
    public bool DeletesTakeTime { get; set; }

    public async Task<DispatchOutcome> BuildAsync(
        IReadOnlyList<BuildInstance> builds, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop)
    {
        if (TakeNext() is { } next)
            return next;
        var now = time.GetUtcNow();
        return new DispatchOutcome.Ended(await committer.CommitAsync(new Change([.. together, .. builds.Select(build => new InsertDispatch(new DispatchRow(
            build.Instance, build.Epoch, build.Intent, null, DispatchState.Waiting, null, null, 0, build, [], [], null, null, deadline, null, now, now, 1)))])));
    }

    public async Task<DispatchOutcome> DeleteAsync(
        DeleteInstance delete, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop)
    {
        if (TakeNext() is { } next)
            return next;
        IReadOnlyList<IWrite> end = DeletesTakeTime ? [] : new HomeIntents().Terminated(delete.Instance, time.GetUtcNow());
        return new DispatchOutcome.Ended(await committer.CommitAsync(new Change([.. together, .. end])));
    }

    public async Task<DispatchOutcome> ActAsync(
        ActOnInstance act, IReadOnlyList<IWrite> together, DateTimeOffset deadline, string? traceParent, CancellationToken stop) =>
        NextOf.TryRemove(act.Instance, out var next) ? next : new DispatchOutcome.Ended(await committer.CommitAsync(new Change(together)));

    /// <summary>What is said to a question; by default nobody holds anything.</summary>
    public ConcurrentDictionary<InstanceId, Func<AskInstance, DispatchOutcome>> Says { get; } = [];

    public Task<DispatchOutcome> AskAsync(AskInstance question, string? traceParent, CancellationToken stop) =>
        Task.FromResult(Says.TryGetValue(question.Instance, out var says) ? says(question) : new DispatchOutcome.NotHeld());

    private DispatchOutcome? TakeNext()
    {
        if (NeverAnswers)
            throw new AskTimeoutException("the dispatcher did not answer");
        var next = Next;
        Next = null;
        return next;
    }
}
