namespace Cells.Messaging.Actors;

internal sealed class MessageStash(ActorCell cell, int capacity) : IStash
{
    private readonly List<Envelope> _stashed = [];
    private readonly LinkedList<Envelope> _unstashed = [];
    private Envelope _last;

    internal bool HasUnstashed => _unstashed.Count > 0;

    public void Stash()
    {
        var envelope = cell.Handling;
        if (envelope.Message is null)
            throw new InvalidOperationException($"{cell.Path}: there is no message to stash outside of a handler.");
        if (ReferenceEquals(envelope.Message, _last.Message) && _stashed.Count > 0)
            throw new InvalidOperationException($"{cell.Path}: {envelope.Message.GetType().Name} is stashed already.");
        if (_stashed.Count >= capacity)
            throw new StashOverflowException($"{cell.Path}: {capacity} messages are stashed, which is its bound.");
        _stashed.Add(envelope);
        _last = envelope;
    }

    public void UnstashAll()
    {
        for (var i = _stashed.Count - 1; i >= 0; i--)
            _unstashed.AddFirst(_stashed[i]);
        _stashed.Clear();
        _last = default;
    }

    internal bool TryTakeUnstashed(out Envelope envelope)
    {
        envelope = default;
        if (_unstashed.First is not { } first)
            return false;
        envelope = first.Value;
        _unstashed.RemoveFirst();
        return true;
    }

    internal void BuryAll()
    {
        UnstashAll();
        while (TryTakeUnstashed(out var envelope))
            cell.Bury(envelope, DeadLetterReason.Stopped);
    }
}
