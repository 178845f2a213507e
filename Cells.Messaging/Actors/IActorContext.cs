using System.Diagnostics.CodeAnalysis;

namespace Cells.Messaging.Actors;

/// <summary>What an actor may do with its surroundings. Only for use inside its constructor, handlers and life-cycle methods.</summary>
public interface IActorContext
{
    ActorSystem System { get; }

    IActorRef Self { get; }

    IActorRef Parent { get; }

    /// <summary>Who sent the message being handled; dead letters if nobody said.</summary>
    IActorRef Sender { get; }

    /// <summary>By name, ordinal order; those that are still terminating included.</summary>
    IReadOnlyList<IActorRef> Children { get; }

    /// <returns>The child, or <see cref="ActorRefs.Nobody"/>.</returns>
    IActorRef Child(string name);

    /// <summary>Makes a child; its constructor runs as its own first turn, not here.</summary>
    /// <param name="name">Unique among siblings; null: the kernel gives one.</param>
    /// <exception cref="InvalidActorNameException">Malformed, or taken.</exception>
    IActorRef ActorOf(Props props, string? name = null);

    /// <summary>The actor finishes the message at hand, stops its children, then itself; what waits becomes dead letters.</summary>
    [SuppressMessage("Naming", "CA1716", Justification = "Akka.NET's name.")]
    void Stop(IActorRef actor);

    /// <summary>One <see cref="Terminated"/> will come when that actor terminates, at once if it has. Watching twice is watching once.</summary>
    IActorRef Watch(IActorRef actor);

    /// <summary>No <see cref="Terminated"/> for it comes after this, not even one already in the mailbox.</summary>
    IActorRef Unwatch(IActorRef actor);
}
