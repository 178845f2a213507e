using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>How the home hands what users ask of servers to the tree below. It plans; the asker commits the plan with its own rows.</summary>
public interface IInstanceDispatch
{
    /// <summary>
    /// For each new instance the writes of its first dispatch: the dispatch row of epoch 1 and, when a child could be chosen, the
    /// <c>SendWork</c> to it. They belong in the change that inserts the intents.
    /// </summary>
    Task<DispatchPlan> PlanBuildAsync(IReadOnlyList<BuildInstance> builds, CancellationToken stop);

    /// <summary>
    /// The writes that make the delete follow its instance: the dispatch row is marked, and <c>SendWork</c> goes where the instance is or may be.
    /// An instance that nobody below has is closed at once: then the plan itself confirms the deletion (<see cref="ConfirmTerminated"/>).
    /// The writes are guarded; when one misses, plan again.
    /// </summary>
    Task<DispatchPlan> PlanDeleteAsync(DeleteInstanceIntent delete, CancellationToken stop);
}

/// <summary>What a plan comes to.</summary>
public abstract record DispatchPlan
{
    private DispatchPlan() { }

    /// <param name="Committed">Called with the outcome's work numbers once the change is committed; never when it was not.</param>
    public sealed record Ready(IReadOnlyList<IWrite> Writes, Action<CommitOutcome.Committed>? Committed) : DispatchPlan;

    /// <summary>The work lane this request needs is full: 503, and ask again after <paramref name="RetryAfter"/>.</summary>
    public sealed record LaneFull(CellName Link, TimeSpan RetryAfter) : DispatchPlan;
}
