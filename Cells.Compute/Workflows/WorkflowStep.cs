using Cells.Compute.Instances;
using Cells.Contracts;

namespace Cells.Compute.Workflows;

/// <summary>
/// One step of a workflow. Every step is safe to run twice; each undo is there or its absence is explained in the table.
/// </summary>
/// <param name="Do">Makes the effect. The call's own failures are thrown; the runner tells a no from an unknown.</param>
/// <param name="Undo">Removes the effect, whole or partial, also when there is none. Null: another step's undo covers it.</param>
/// <param name="Probe">
/// "Is it done already?", asked of the host and never of the cache, before a step is done that may have been done before. Null: doing it again is the
/// probe.
/// </param>
/// <param name="Shows">The task_state while it runs.</param>
/// <param name="OnHost">Takes one of the host's places while it runs; a wait for something else does not.</param>
/// <param name="Needs">What of the row's place must be there. What needs no host can be done through any member of the pool.</param>
/// <param name="Makes">
/// The role of the disk that it makes by cloning or by a snapshot. Until it has ended, an unstamped clone may be its; once it is undone, the row names none.
/// </param>
/// <param name="Commits">No way back: once it is done, a later refusal undoes nothing up to here.</param>
/// <param name="Joined">
/// Begins at once after the step before it, in the same commit: the row says where the first of them stands, and after a crash their probes are asked one
/// after the other. Only where a probe or the step itself finds out what was done, and where the undo of the first removes what the later ones make
/// (ADR 0024).
/// </param>
internal sealed record WorkflowStep(
    string Name,
    Func<StepContext, CancellationToken, Task<StepOutcome>> Do,
    Func<StepContext, CancellationToken, Task>? Undo,
    Func<StepContext, CancellationToken, Task<ProbeAnswer>>? Probe,
    TaskState Shows,
    bool OnHost = true,
    Needs Needs = Needs.Place,
    DiskRole? Makes = null,
    bool Commits = false,
    bool Joined = false)
{
    /// <summary>Done by the placer alone: it chooses a second place, and the claim on it is committed with the row's next step.</summary>
    public bool IsPlacers { get; private init; }

    /// <summary>It moves a disk or memory, which may take hours: it takes one of its host's places for that, and so none from other steps.</summary>
    public bool Transfers { get; init; }

    /// <summary>A delete does not wait for its end: it only reads or waits, and nothing that a delete must know of follows from it.</summary>
    public bool MayBeCut { get; init; }

    /// <summary>
    /// There is a good place to go back to: what its host goes on to answer, while a probe finds nothing done, is a no in the end (<see cref="HostSaid"/>).
    /// </summary>
    public bool GivesUp { get; init; }

    public static WorkflowStep ChoosePlace(TaskState shows) => new(
        "choose-place", (_, _) => throw new InvalidOperationException("No host is asked to choose a place."), Undo: null, Probe: null, shows, OnHost: false)
    {
        IsPlacers = true,                                       // it is undone by the end of the workflow, which gives the claim back
    };
}

/// <summary>What a step needs of its row's place.</summary>
[Flags]
internal enum Needs
{
    Pool = 0,
    Host = 1,
    Sr = 2,
    Place = Host | Sr,

    /// <summary>The host and the SR of its second place.</summary>
    Second = 4,
}

/// <summary>What a probe found.</summary>
internal abstract record ProbeAnswer
{
    private ProbeAnswer() { }

    public sealed record Done(StepOutcome.Done Outcome) : ProbeAnswer;

    public sealed record NotDone : ProbeAnswer
    {
        public static readonly NotDone Instance = new();
    }

    /// <summary>It may still be under way on the host.</summary>
    public sealed record Unknown(string Reason) : ProbeAnswer;
}
