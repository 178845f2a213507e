namespace Cells.Messaging.Actors;

/// <summary>Told to a watcher once, after the watched actor's last message to it.</summary>
public sealed class Terminated
{
    internal Terminated(ActorCell cell) => Cell = cell;

    public IActorRef ActorRef => Cell.Self;

    internal ActorCell Cell { get; }

    public override string ToString() => $"Terminated({Cell.Path})";
}

/// <summary>Stops the actor that receives it, after the messages that stand before it.</summary>
public sealed class PoisonPill
{
    private PoisonPill()
    {
    }

    public static PoisonPill Instance { get; } = new();

    public override string ToString() => nameof(PoisonPill);
}

public static class Status
{
    /// <summary>An answer that makes the asker's task fail with the cause.</summary>
    public sealed record Failure(Exception Cause);
}

/// <summary>A message and whom to answer.</summary>
internal readonly record struct Envelope(object Message, IActorRef? Sender);
