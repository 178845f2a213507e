using Cells.Compute.Instances;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Workflows;

/// <summary>How one step (or its undo) ended, as far as anybody knows.</summary>
internal abstract record StepOutcome
{
    /// <summary>The code of a refusal that every other host would give too.</summary>
    public const string ImageUnavailable = "image_unavailable";

    private StepOutcome() { }

    /// <summary>Its effect is on the host, by this run or an earlier one.</summary>
    /// <param name="Vm">The VM's uuid where the step learned it.</param>
    /// <param name="Disks">What the row names of its disks from now on; null leaves what is there.</param>
    /// <param name="Note">Kept with the workflow for its later steps; null leaves what is there.</param>
    /// <param name="Power">What the host shows, where the step looked.</param>
    /// <param name="Command">What the instance is built by from now on (of a rebuild); null leaves what is there.</param>
    public sealed record Done(
        Guid? Vm = null, Disks? Disks = null, string? Note = null, PowerState? Power = null, BuildInstance? Command = null) : StepOutcome;

    /// <summary>Nothing of its effect is on the host any more.</summary>
    /// <param name="But">What its host would not put back; null when all is as it was.</param>
    public sealed record Undone(string? But = null) : StepOutcome;

    /// <summary>The host said no, and will again: what was done is undone; a build is then tried elsewhere, an action has failed.</summary>
    public sealed record Refused(string Code, string Reason) : StepOutcome;

    /// <summary>Nobody knows yet, or it cannot be done just now: it is probed again until somebody does.</summary>
    public sealed record Unknown(string Reason) : StepOutcome;

    /// <summary>Not yet, and that is as it should be: somebody else, the guest say, has its time. Looked at again after that long.</summary>
    public sealed record Later(string Reason, TimeSpan After) : StepOutcome;
}
