namespace Cells.Messaging.Actors;

/// <summary>What the kernel tells an actor's cell. Goes before all user messages, is never dropped, and is handled while the
/// actor is suspended. Linked through <see cref="Next"/>, so an object goes into one mailbox only.</summary>
internal abstract class SystemMessage
{
    internal SystemMessage? Next { get; set; }

    // Part of a stepped run's event log: no stack traces, no hash codes.
    public override string ToString() => GetType().Name;

    internal sealed class Create : SystemMessage;

    internal sealed class Terminate : SystemMessage;

    internal sealed class Suspend : SystemMessage;

    /// <summary>Ends one Suspend.</summary>
    internal sealed class Resume(bool afterFailure) : SystemMessage
    {
        /// <summary>The parent's answer to this actor's own failure, not to one further up.</summary>
        internal bool AfterFailure => afterFailure;
    }

    internal sealed class Recreate(Exception cause) : SystemMessage
    {
        internal Exception Cause => cause;
    }

    internal sealed class Failed(ActorCell child, Exception cause, string during) : SystemMessage
    {
        internal ActorCell Child => child;

        internal Exception Cause => cause;

        /// <summary>What the child was doing: a message's type, or a step of its life.</summary>
        internal string During => during;

        public override string ToString() => $"Failed({child.Path}, {cause.GetType().Name})";
    }

    internal sealed class Watch(ActorCell watcher) : SystemMessage
    {
        internal ActorCell Watcher => watcher;

        public override string ToString() => $"Watch({watcher.Path})";
    }

    internal sealed class Unwatch(ActorCell watcher) : SystemMessage
    {
        internal ActorCell Watcher => watcher;

        public override string ToString() => $"Unwatch({watcher.Path})";
    }

    internal sealed class DeathWatchNotification(ActorCell dead) : SystemMessage
    {
        internal ActorCell Dead => dead;

        public override string ToString() => $"DeathWatchNotification({dead.Path})";
    }
}
