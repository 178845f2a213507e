namespace Cells.Messaging.Actors;

/// <summary>Well-known references, and Tell with the sender understood.</summary>
public static class ActorRefs
{
    /// <summary>Stands for an actor that is not there: <see cref="IActorContext.Child"/> returns it. Ignores what it is told.</summary>
    public static IActorRef Nobody { get; } = new NobodyRef();

    public static bool IsNobody(this IActorRef actor) => ReferenceEquals(actor, Nobody);

    /// <summary>Tells with the running actor as sender; outside a handler there is none.</summary>
    public static void Tell(this IActorRef receiver, object message)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        receiver.Tell(message, ActorCell.Current?.Self);
    }

    private sealed class NobodyRef : IActorRef
    {
        public ActorPath Path { get; } = new(null, "Nobody");

        public void Tell(object message, IActorRef? sender) => ArgumentNullException.ThrowIfNull(message);

        public Task<T> Ask<T>(object message, TimeSpan timeout, CancellationToken cancellation) =>
            throw new InvalidOperationException("Nobody cannot be asked: look with IsNobody() whether the child exists.");
    }
}
