using System.Collections.Concurrent;

namespace Cells.Messaging.Actors;

/// <summary>
/// Where undeliverable messages end: counted by recipient, type and reason, logged at the 1st, 2nd, 4th, 8th ... of a kind. Not logged while the
/// system ends: then every actor is gone sooner or later than those who talk to it.
/// </summary>
public sealed class DeadLetters : IActorRef
{
    // Recipients made per request must not fill the memory: kinds beyond this many are counted as one.
    private const int MaxKinds = 1024;
    private const string Others = "(others)";

    private readonly ActorSystem _system;
    private readonly ConcurrentDictionary<(string Recipient, string MessageType, DeadLetterReason Reason), Tally> _counts = new();

    internal DeadLetters(ActorSystem system)
    {
        _system = system;
        Path = new ActorPath(system.Root, "deadLetters");
    }

    /// <summary>Called for each dead letter, on the thread that lost it; must return at once.</summary>
    public event Action<DeadLetter>? Published;

    public ActorPath Path { get; }

    /// <summary>In the order of recipient, type, reason.</summary>
    public IReadOnlyList<DeadLetterCount> Counts =>
    [
        .. _counts
            .Select(kind => new DeadLetterCount(kind.Key.Recipient, kind.Key.MessageType, kind.Key.Reason, kind.Value.Read()))
            .OrderBy(kind => kind.Recipient, StringComparer.Ordinal)
            .ThenBy(kind => kind.MessageType, StringComparer.Ordinal)
            .ThenBy(kind => kind.Reason),
    ];

    public void Tell(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        Publish(new DeadLetter(message, sender, Path, DeadLetterReason.NoRecipient));
    }

    public Task<T> Ask<T>(object message, TimeSpan timeout, CancellationToken cancellation) =>
        PromiseActorRef<T>.Ask(_system, this, message, timeout, cancellation);

    internal void Publish(DeadLetter letter)
    {
        if (_system.HasCrashed)
            return;
        var kind = (letter.Recipient.ToString(), letter.Message.GetType().Name, letter.Reason);
        if (_counts.Count >= MaxKinds && !_counts.ContainsKey(kind))
            kind = (Others, Others, letter.Reason);
        var count = _counts.GetOrAdd(kind, static _ => new Tally()).Increment();
        MessagingTelemetry.CountDeadLetter(letter);
        if (long.IsPow2(count) && !_system.IsEnding)
            MessagingTelemetry.DeadLetter(_system.Logger, letter.Recipient, letter.Message.GetType().Name, letter.Reason, count);
        Published?.Invoke(letter);
    }

    private sealed class Tally
    {
        private long _value;

        internal long Increment() => Interlocked.Increment(ref _value);

        internal long Read() => Interlocked.Read(ref _value);
    }
}
