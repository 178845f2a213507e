namespace Cells.Host.Replay;

internal enum Ending
{
    Open = 0,
    Placed = 1,
    Refused = 2,
    NotAccepted = 3,
    DeletedWhileBuilding = 4,
}

/// <summary>One server of a replay, from its create to its end. Seen by the sender and the poller at once, hence the lock.</summary>
internal sealed class Followed
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<string?> _id = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _deleting;

    public string? Id { get; private set; }
    public long Sent { get; private set; }
    public Ending Ending { get; private set; }
    public string Reason { get; private set; } = "";
    public bool IsGone { get; private set; }

    /// <summary>Its fate is known, and if its delete was asked for, it is gone.</summary>
    public bool IsSettled
    {
        get
        {
            lock (_gate)
                return Ending != Ending.Open && (!_deleting || IsGone);
        }
    }

    /// <summary>The server's id once its create was answered; null when it was not accepted.</summary>
    public Task<string?> IdWhenKnown(CancellationToken stop) => _id.Task.WaitAsync(stop);

    public void Accepted(string id, long sent)
    {
        (Id, Sent) = (id, sent);
        _id.TrySetResult(id);
    }

    /// <summary>The first ending counts.</summary>
    /// <returns>True when this was it.</returns>
    public bool End(Ending ending, string reason)
    {
        lock (_gate)
        {
            if (Ending != Ending.Open)
                return false;
            (Ending, Reason) = (ending, reason);
        }
        if (ending == Ending.NotAccepted)
            _id.TrySetResult(null);
        return true;
    }

    public void Deleting()
    {
        lock (_gate)
            _deleting = true;
    }

    /// <summary>No list shows it any more.</summary>
    /// <returns>True when this was its end: nobody saw it placed or refused before.</returns>
    public bool Gone()
    {
        lock (_gate)
        {
            if (!_deleting)
                return false;                          // a list read just before its create: not gone, not there yet
            IsGone = true;
        }
        return End(Ending.DeletedWhileBuilding, "deleted by the trace while it was building");
    }
}
