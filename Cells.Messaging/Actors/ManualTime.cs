namespace Cells.Messaging.Actors;

/// <summary>Time that passes only when told to. Its timers ring on the thread that moves it, in order of due time, then of starting.</summary>
public sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(TimeSpan Due, long Number), ManualTimer> _due = [];
    private TimeSpan _elapsed;
    private long _number;

    /// <summary>Begins at midnight of 1 January 2026, UTC.</summary>
    public ManualTime()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Since the start, on the clock that never jumps.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
                return _elapsed;
        }
    }

    /// <summary>How far the wall clock is ahead of the true one; timers and time stamps do not follow it.</summary>
    public TimeSpan WallClockError { get; set; }

    /// <summary>When the next timer rings, on <see cref="Elapsed"/>'s scale; null when none is set.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_lock)
                return _due.Count > 0 ? _due.First().Key.Due : null;
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => Elapsed.Ticks;

    public override DateTimeOffset GetUtcNow() => start + Elapsed + WallClockError;

    public void Advance(TimeSpan by) => AdvanceTo(Elapsed + by);

    /// <summary>Rings all timers due by then, each at its own time, those included that are set meanwhile.</summary>
    /// <exception cref="ArgumentOutOfRangeException">That time has passed.</exception>
    public void AdvanceTo(TimeSpan elapsed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(elapsed, Elapsed);
        while (TakeDue(elapsed) is { } timer)
            timer.Ring();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private ManualTimer? TakeDue(TimeSpan until)
    {
        lock (_lock)
        {
            if (_due.Count == 0 || _due.First() is var next && next.Key.Due > until)
            {
                _elapsed = until;
                return null;
            }
            _elapsed = next.Key.Due;
            _due.Remove(next.Key);
            next.Value.Taken();
            return next.Value;
        }
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private (TimeSpan Due, long Number)? _key;
        private TimeSpan _period = Timeout.InfiniteTimeSpan;
        private bool _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                if (_disposed)
                    return false;
                if (_key is { } old)
                    time._due.Remove(old);
                _key = null;
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    Set(dueTime);
                return true;
            }
        }

        /// <summary>It is due and off the list; a periodic one is set again. Inside the lock.</summary>
        internal void Taken()
        {
            _key = null;
            if (_period > TimeSpan.Zero)
                Set(_period);
        }

        internal void Ring() => callback(state);

        public void Dispose()
        {
            lock (time._lock)
            {
                _disposed = true;
                if (_key is { } key)
                    time._due.Remove(key);
                _key = null;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Set(TimeSpan delay)
        {
            var key = (time._elapsed + delay, time._number++);
            _key = key;
            time._due.Add(key, this);
        }
    }
}
