using Cells.Contracts;

namespace Cells.Messaging.Links;

/// <summary>
/// What one link shows outside its actor, and what must outlive a restart of the actor. One writer at a time (the actor; before it starts,
/// the runtime), any reader.
/// </summary>
internal sealed class LinkBoard(CellName neighbour, NeighbourKind kind, long workGivenAtStart, long changesAtStart)
{
    /// <summary>Work messages that may wait for a neighbour: some minutes of a full cell's traffic, some MiB of rows.</summary>
    public const long MostBacklog = 10_000;

    // Frames that may wait for the actor: the windows of both lanes fit many times.
    private const int MostFrames = 1_024;

    private LinkStatus _status = new(neighbour, kind, NeighbourHealth.Down, null, 0, 0, 0, 0, 0, 0, 0, 0, null);
    private long _lastHeard = -1;
    private long _backlog;
    private long _refused;
    private int _framesWaiting;

    public long WorkGivenAtStart => workGivenAtStart;

    public long ChangesAtStart => changesAtStart;

    /// <summary>
    /// Set once the neighbour agreed to our past in this process. Until then its watermarks are compared with the numbers at the start: what
    /// we have given since cannot have reached it, so it must not hide a past that was lost.
    /// </summary>
    public bool PastIsChecked { get; set; }

    /// <summary>Called after each change of what is shown, on the link's turn: only passes on.</summary>
    public Action? Changed { get; set; }

    public bool IsFull => Volatile.Read(ref _backlog) > MostBacklog;

    public long Refused => Volatile.Read(ref _refused);

    public void CountRefused() => Interlocked.Increment(ref _refused);

    public bool TryAddFrame()
    {
        if (Interlocked.Increment(ref _framesWaiting) <= MostFrames)
            return true;
        Interlocked.Decrement(ref _framesWaiting);
        return false;
    }

    public void TakeFrame() => Interlocked.Decrement(ref _framesWaiting);

    public void ShowBacklog(long backlog)
    {
        Volatile.Write(ref _backlog, backlog);
        Changed?.Invoke();
    }

    /// <param name="lastHeard">A time stamp of the cell's clock; -1 before the first time.</param>
    public void Show(LinkStatus status, long lastHeard)
    {
        Volatile.Write(ref _lastHeard, lastHeard);
        Volatile.Write(ref _status, status);
        Changed?.Invoke();
    }

    public LinkStatus Status(TimeProvider time)
    {
        var lastHeard = Volatile.Read(ref _lastHeard);
        return Volatile.Read(ref _status) with
        {
            LastHeardAge = lastHeard < 0 ? null : time.GetElapsedTime(lastHeard),
            OutboxBacklog = Volatile.Read(ref _backlog),
            Refused = Refused,
        };
    }
}
