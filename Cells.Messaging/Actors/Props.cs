namespace Cells.Messaging.Actors;

/// <summary>How to make an actor, again at each restart.</summary>
public sealed class Props
{
    public const int DefaultMailboxCapacity = 4096;

    private readonly Func<ActorBase> _factory;

    private Props(Type actorType, Func<ActorBase> factory) => (ActorType, _factory) = (actorType, factory);

    public Type ActorType { get; }

    /// <summary>Messages that may wait; one more becomes a dead letter.</summary>
    public int MailboxCapacity { get; private init; } = DefaultMailboxCapacity;

    /// <summary>How the actor's children are supervised; null: as the actor says.</summary>
    public SupervisorStrategy? SupervisorStrategy { get; private init; }

    /// <param name="factory">Called in the actor's first turn and at each restart; must make a new instance.</param>
    public static Props Create<T>(Func<T> factory) where T : ActorBase
    {
        ArgumentNullException.ThrowIfNull(factory);
        return new Props(typeof(T), factory);
    }

    public Props WithMailboxCapacity(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return new Props(ActorType, _factory) { MailboxCapacity = capacity, SupervisorStrategy = SupervisorStrategy };
    }

    public Props WithSupervisorStrategy(SupervisorStrategy strategy) =>
        new(ActorType, _factory) { MailboxCapacity = MailboxCapacity, SupervisorStrategy = strategy };

    internal ActorBase NewActor() => _factory();
}
