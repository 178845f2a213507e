namespace Cells.Messaging.Storage.Leases;

/// <summary>From the keeper to its subscribers: this process holds the lease now.</summary>
/// <param name="Epoch">Higher than that of every holder before. Goes into each write that the lease protects.</param>
public sealed record LeaseTaken(string Name, long Epoch, LeaseGrant Grant);

/// <summary>From the keeper to its subscribers: stop all effects of this epoch.</summary>
public sealed record LeaseLost(string Name, long Epoch);

/// <summary>From the keeper to its subscribers, once, after <see cref="LeaseLost"/>: another process has taken the lease since.</summary>
public sealed record LeaseElsewhere(string Name, long Epoch);

/// <summary>
/// To the keeper, from a holder that has stopped all its effects: the lease is made free, and the keeper takes it no more. Answered by
/// <see cref="LeaseGivenBack"/>, at once if it was not held.
/// </summary>
public sealed record GiveLeaseBack(string Name);

public sealed record LeaseGivenBack(string Name);

/// <summary>
/// Whether the lease is good at this moment, by this process's monotonic clock. For who is about to do an effect: a process that was stopped
/// for a while goes on before its timers ring. Any thread may ask.
/// </summary>
public sealed class LeaseGrant
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _goodFor;
    private long _confirmed;
    private volatile bool _over;

    internal LeaseGrant(TimeProvider time, TimeSpan goodFor, long confirmed) =>
        (_time, _goodFor, _confirmed) = (time, goodFor, confirmed);

    public bool IsGood => Remaining > TimeSpan.Zero;

    /// <summary>Until its effects must stop, unless it is renewed before.</summary>
    public TimeSpan Remaining => _over ? TimeSpan.Zero : _goodFor - _time.GetElapsedTime(Volatile.Read(ref _confirmed));

    /// <param name="sent">Timestamp before the renewal was sent: the row cannot have been renewed earlier.</param>
    internal void Confirm(long sent) => Volatile.Write(ref _confirmed, sent);

    internal void End() => _over = true;
}
