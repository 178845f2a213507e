using Cells.Messaging.Actors;

namespace Cells.Messaging.Storage;

/// <summary>What a committer must not forget when its actor restarts.</summary>
internal sealed class CommitterState(Guid committer, int maxGroup)
{
    public Guid Committer => committer;

    public GroupQueue Queue { get; } = new(maxGroup);

    public CommitterStep Step { get; set; } = CommitterStep.Idle;

    /// <summary>The group under way, with the id that is looked for when its answer is lost.</summary>
    public GroupTransaction? Group { get; set; }

    /// <summary>At the group under way, lookups not counted.</summary>
    public int Attempts { get; set; }

    /// <summary>In the order of their coming.</summary>
    public List<IActorRef> Subscribers { get; } = [];

    public List<IActorRef> AskedWhenIdle { get; } = [];
}

internal enum CommitterStep
{
    Idle = 1,

    /// <summary>The group's transaction is under way.</summary>
    Running = 2,

    /// <summary>The group's transaction ended without having written; it will be tried again.</summary>
    Pausing = 3,

    /// <summary>The group's answer was lost: its id is being looked for.</summary>
    LookingUp = 4,

    /// <summary>The look-up failed and will be tried again.</summary>
    PausingLookUp = 5,
}
