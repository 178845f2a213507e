using Cells.Compute.Instances;
using Cells.Compute.Pools;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>Which step of which attempt: an answer about another one than the row stands at is old.</summary>
internal sealed record StepKey(InstanceId Instance, long Epoch, int Attempt, Work Work)
{
    public static StepKey Of(Instance row) =>
        new(row.Id, row.Epoch, row.Attempt, row.Work ?? throw new ArgumentException($"Instance {row.Id} stands at no step.", nameof(row)));
}

/// <summary>From a host to the placer: a step ended, or as many as are joined. The owner is whose session did it; the row is written only while that assignment is current.</summary>
/// <param name="Key">Where the committed row stands.</param>
/// <param name="Passed">How the steps from there on ended that were done before the one that <paramref name="Outcome"/> is about; see <see cref="WorkflowStep.Joined"/>.</param>
internal sealed record StepEnded(StepKey Key, IReadOnlyList<StepOutcome.Done> Passed, StepOutcome Outcome, PoolOwner Owner);
