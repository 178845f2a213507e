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

/// <summary>From a host to the placer: a step ended. The owner is whose session did it; the row is written only while that assignment is current.</summary>
internal sealed record StepEnded(StepKey Key, StepOutcome Outcome, PoolOwner Owner);
