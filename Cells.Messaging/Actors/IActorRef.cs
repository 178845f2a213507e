namespace Cells.Messaging.Actors;

/// <summary>The address of one actor of this process. Two references are equal when they are the same object: a restart keeps
/// the reference, a new actor under an old name has a new one.</summary>
public interface IActorRef
{
    ActorPath Path { get; }

    string Name => Path.Name;

    /// <summary>Puts the message into the actor's mailbox and returns; never blocks, any thread may call. A message that cannot
    /// be delivered (stopped actor, full mailbox) goes to <see cref="ActorSystem.DeadLetters"/>.</summary>
    /// <param name="sender">Whom the actor answers; null: answers become dead letters.</param>
    void Tell(object message, IActorRef? sender);

    /// <summary>Tells and completes with the answer. For the edges (HTTP, command line); an actor uses Tell.</summary>
    /// <exception cref="AskTimeoutException">No answer came in time.</exception>
    /// <exception cref="ArgumentException">The answer is not a <typeparamref name="T"/>.</exception>
    /// <remarks>An answer of <see cref="Status.Failure"/> becomes its exception.</remarks>
    Task<T> Ask<T>(object message, TimeSpan timeout, CancellationToken cancellation);
}
