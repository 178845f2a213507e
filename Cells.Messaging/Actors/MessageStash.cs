namespace Cells.Messaging.Actors;

internal sealed class MessageStash(ActorCell cell, int capacity) : IStash
{
    private readonly List<Envelope> _stashed = [];
    private readonly LinkedList<Envelope> _unstashed = [];
    private long _lastTurn = -1;

    internal bool HasUnstashed => _unstashed.Count > 0;

    public void Stash()
    {
        var envelope = cell.Handling;
        if (envelope.Message is null)
            throw new InvalidOperationException($"{cell.Path}: there is no message to stash outside of a handler.");
        if (cell.Turn == _lastTurn)
            throw new InvalidOperationException($"{cell.Path}: {envelope.Message.GetType().Name} is stashed already.");
        if (_stashed.Count >= capacity)
            throw new StashOverflowException($"{cell.Path}: {capacity} messages are stashed, which is its bound.");
        _stashed.Add(envelope);
        _lastTurn = cell.Turn;
    }

    public void UnstashAll()
    {
        for (var i = _stashed.Count - 1; i >= 0; i--)
            _unstashed.AddFirst(_stashed[i]);
        _stashed.Clear();
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
