namespace Cells.XenSim.Core;

/// <summary>What happens later, in the order of time and, within one instant, of asking.</summary>
internal sealed class Schedule
{
    private readonly PriorityQueue<Entry, (DateTimeOffset At, long Order)> _entries = new();
    private long _order;

    public DateTimeOffset? Next
    {
        get
        {
            DropCancelled();
            return _entries.TryPeek(out _, out var priority) ? priority.At : null;
        }
    }

    public Entry At(DateTimeOffset instant, Action action)
    {
        var entry = new Entry(action);
        _entries.Enqueue(entry, (instant, ++_order));
        return entry;
    }

    /// <summary>Takes the first entry that is due, or null.</summary>
    public Action? TakeDue(DateTimeOffset now)
    {
        DropCancelled();
        if (!_entries.TryPeek(out _, out var priority) || priority.At > now) return null;
        return _entries.Dequeue().Action;
    }

    private void DropCancelled()
    {
        while (_entries.TryPeek(out var entry, out _) && entry.Cancelled) _entries.Dequeue();
    }

    public sealed class Entry(Action action)
    {
        public Action Action { get; } = action;
        public bool Cancelled { get; private set; }

        public void Cancel() => Cancelled = true;
    }
}
