namespace Cells.Messaging.Actors;

/// <summary>Judges the failed child alone; its siblings go on.</summary>
/// <param name="maxNrOfRetries">Restarts allowed within the range; -1: any number. One more stops the child and fails the supervisor.</param>
/// <param name="withinTimeRange">Counted from the first restart; zero: for ever.</param>
/// <param name="decider">Null: <see cref="SupervisorStrategy.DefaultDecider"/>.</param>
/// <param name="minBackoff">Wait before the first restart, doubled for each further one in the range. Null: 100 ms. The mailbox queues meanwhile.</param>
/// <param name="maxBackoff">Null: 10 s.</param>
public sealed class OneForOneStrategy(
    int maxNrOfRetries,
    TimeSpan withinTimeRange,
    Func<Exception, Directive>? decider = null,
    TimeSpan? minBackoff = null,
    TimeSpan? maxBackoff = null) : SupervisorStrategy
{
    private readonly TimeSpan _minBackoff = minBackoff ?? TimeSpan.FromMilliseconds(100);
    private readonly TimeSpan _maxBackoff = maxBackoff ?? TimeSpan.FromSeconds(10);
    private readonly Func<Exception, Directive> _decider = decider ?? DefaultDecider;

    internal override Verdict Judge(Exception error, RestartCount restarts, TimeProvider time)
    {
        var directive = _decider(error);
        if (directive != Directive.Restart)
            return new Verdict(directive, TimeSpan.Zero, RestartsExhausted: false);

        var count = restarts.Add(withinTimeRange, time);
        return maxNrOfRetries >= 0 && count > maxNrOfRetries
            ? new Verdict(Directive.Escalate, TimeSpan.Zero, RestartsExhausted: true)
            : new Verdict(Directive.Restart, Backoff(count), RestartsExhausted: false);
    }

    private TimeSpan Backoff(int count)
    {
        var doubled = _minBackoff * Math.Pow(2, Math.Min(count - 1, 30));   // 2^30 is above any bound and below overflow
        return doubled < _maxBackoff ? doubled : _maxBackoff;
    }
}

/// <summary>A child's restarts within the current range of time.</summary>
internal sealed class RestartCount
{
    private long _rangeBegan;

    internal int Count { get; private set; }

    internal int Add(TimeSpan range, TimeProvider time)
    {
        var inRange = Count > 0 && (range == TimeSpan.Zero || time.GetElapsedTime(_rangeBegan) <= range);
        if (!inRange)
            (Count, _rangeBegan) = (0, time.GetTimestamp());
        return ++Count;
    }
}
