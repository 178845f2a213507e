namespace Cells.Messaging.Actors;

/// <summary>One incarnation of an actor: the object itself is its identity.</summary>
internal sealed class LocalActorRef(ActorCell cell) : IActorRef
{
    internal ActorCell Cell => cell;

    public ActorPath Path => cell.Path;

    public void Tell(object message, IActorRef? sender) => cell.Tell(message, sender);

    public Task<T> Ask<T>(object message, TimeSpan timeout, CancellationToken cancellation) =>
        PromiseActorRef<T>.Ask(cell.System, this, message, timeout, cancellation);

    public override string ToString() => Path.ToString();
}
