namespace Cells.Messaging.Actors;

internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, Timer> _timers = [];
    private long _generation;

    public void StartSingleTimer(object key, object message, TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        Start(key, message, delay, period: null);
    }

    public void StartPeriodicTimer(object key, object message, TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        Start(key, message, interval, interval);
    }

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out var timer))
            timer.Handle.Dispose();
    }

    public void CancelAll()
    {
        foreach (var timer in _timers.Values)
            timer.Handle.Dispose();
        _timers.Clear();
    }

    /// <returns>Whether the timer that ticked is still the one under its key.</returns>
    internal bool Accepts(Tick tick)
    {
        if (tick.Scheduler != this || !_timers.TryGetValue(tick.Key, out var timer) || timer.Generation != tick.Generation)
            return false;
        if (tick.IsLast)
            _timers.Remove(tick.Key);
        return true;
    }

    private void Start(object key, object message, TimeSpan delay, TimeSpan? period)
    {
        ArgumentNullException.ThrowIfNull(message);
        Cancel(key);
        var tick = new Tick(this, key, ++_generation, message, IsLast: period is null);
        // A single tick is never lost to a full mailbox: the actor waits for it. A periodic one comes again.
        Action ring = period is null ? () => cell.TellOwn(tick, cell.Self) : () => cell.Tell(tick, cell.Self);
        _timers[key] = new Timer(tick.Generation, cell.System.Dispatcher.Schedule(cell.System, delay, period, ring));
    }

    /// <summary>What lies in the mailbox when a timer has rung.</summary>
    internal sealed record Tick(TimerScheduler Scheduler, object Key, long Generation, object Message, bool IsLast);

    private readonly record struct Timer(long Generation, IDisposable Handle);
}
