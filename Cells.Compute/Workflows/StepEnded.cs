using Cells.Compute.Pools;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>Which step of which row: what a host was asked to perform, and what its answer is about. An answer about another step than the row's is old.</summary>
internal readonly record struct StepKey(InstanceId Instance, long Epoch, int Attempt, WorkflowStepRef Step);

/// <param name="Undo">Its undo is meant.</param>
internal readonly record struct WorkflowStepRef(Instances.WorkflowKind Workflow, int Index, bool Undo);

/// <summary>From a host to the placer: a step ended. The owner is whose session did it; the row is written only while that assignment is current.</summary>
internal sealed record StepEnded(StepKey Key, StepOutcome Outcome, PoolOwner Owner);
