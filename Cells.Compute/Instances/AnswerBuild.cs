using Cells.Contracts.Messages;

namespace Cells.Compute.Instances;

/// <summary>
/// What a build command means, given what is known of the instance. A command that comes again is answered the same way and changes nothing; one
/// of a lower epoch than the row's is refused.
/// </summary>
internal static class AnswerBuild
{
    public static BuildAnswer Decide(Instance? known, BuildInstance command, ComputeHooks hooks) => known switch
    {
        null => BuildAnswer.Place,
        { IsDeleted: true } when hooks.SkipTombstone => BuildAnswer.Place,
        { IsDeleted: true } => BuildAnswer.SayDeleted,
        _ when hooks.DropEpochCheck && command.Epoch != known.Epoch => BuildAnswer.Place,
        _ when command.Epoch < known.Epoch => BuildAnswer.RefuseOld,
        _ when command.Epoch == known.Epoch => known.Released ? BuildAnswer.SayFailed : BuildAnswer.SayPlaced,
        { Released: true } => BuildAnswer.Place,
        _ => BuildAnswer.RefuseAlive,
    };
}

internal enum BuildAnswer
{
    /// <summary>Choose a host and claim it.</summary>
    Place = 1,

    /// <summary>It was placed already: say so again.</summary>
    SayPlaced = 2,

    /// <summary>This epoch was refused already: say so again, with the same story.</summary>
    SayFailed = 3,

    /// <summary>A delete came first or has been carried out: it is never built again, under any epoch.</summary>
    SayDeleted = 4,

    /// <summary>A higher epoch is known here: the sender is behind.</summary>
    RefuseOld = 5,

    /// <summary>The cell still holds the right to run under a lower epoch, which only its own answer ends.</summary>
    RefuseAlive = 6,
}
