namespace Cells.Messaging.Actors;

/// <summary>Runs nothing by itself: a stepper looks at what is runnable and chooses. For many systems at once, on one thread, in
/// manual time. Everything that happens follows from the choices made here, so a seed replays.</summary>
public sealed class SteppedDispatcher(ManualTime time) : IDispatcher
{
    private readonly List<Runnable> _runnable = [];
    private readonly Dictionary<ActorSystem, HashSet<SteppedTimer>> _timers = [];
    private int _thread = Environment.CurrentManagedThreadId;
    private string? _intrusion;

    /// <summary>Told each step before it is done.</summary>
    public Action<StepTrace>? Observer { get; set; }

    public ManualTime Time => time;

    /// <summary>Oldest first; an actor that has more to do after its step goes to the end.</summary>
    public IReadOnlyList<Runnable> Runnable => _runnable;

    public int Count => _runnable.Count;

    /// <summary>When the next timer of any system is due, on <see cref="ManualTime.Elapsed"/>'s scale.</summary>
    public TimeSpan? NextDue => time.NextDue;

    int IDispatcher.Throughput => 1;

    /// <summary>Handles exactly one message of the actor at <paramref name="index"/> of <see cref="Runnable"/>.</summary>
    public void RunOne(int index)
    {
        RequireSteppingThread("RunOne");
        var runnable = _runnable[index];
        runnable.RunNext(Observer);
        // The step may have crashed its own system, which took it off the list.
        var at = index < _runnable.Count && _runnable[index] == runnable ? index : _runnable.IndexOf(runnable);
        if (at >= 0)
        {
            _runnable.RemoveAt(at);
            runnable.Leave();
        }
        RequireNoIntrusion();
    }

    /// <summary>Moves time to <paramref name="now"/> and rings what is due by then, in order of due time, then of starting.</summary>
    public void FireDue(TimeSpan now)
    {
        RequireSteppingThread("FireDue");
        time.AdvanceTo(now);
        RequireNoIntrusion();
    }

    /// <summary>Steps in the order of arrival until nothing is runnable. For tests that do not care for order.</summary>
    public void RunUntilIdle(int maxSteps = 100_000)
    {
        for (var step = 0; Count > 0; step++)
        {
            if (step == maxSteps)
                throw new InvalidOperationException($"Still not idle after {maxSteps} steps; next is {_runnable[0]}.");
            RunOne(0);
        }
    }

    /// <summary>Runs until idle, again after each timer that is due within <paramref name="duration"/>.</summary>
    public void RunFor(TimeSpan duration)
    {
        var end = time.Elapsed + duration;
        RunUntilIdle();
        while (NextDue is { } due && due <= end)
        {
            FireDue(due);
            RunUntilIdle();
        }
        FireDue(end);
    }

    /// <summary>Makes the calling thread the stepping one; all else must come from it.</summary>
    public void BindToCurrentThread() => _thread = Environment.CurrentManagedThreadId;

    public TaskCompletionSource<T> NewCompletion<T>() => new();

    void IDispatcher.Execute(Runnable runnable)
    {
        RequireSteppingThread(runnable.Path.ToString());
        _runnable.Add(runnable);
    }

    IDisposable IDispatcher.Schedule(ActorSystem owner, TimeSpan delay, TimeSpan? period, Action action)
    {
        RequireSteppingThread($"a timer of {owner.Name}");
        if (!_timers.TryGetValue(owner, out var timers))
            _timers.Add(owner, timers = []);
        var timer = new SteppedTimer(timers);
        timers.Add(timer);
        timer.Start(time, delay, period, action);
        return timer;
    }

    void IDispatcher.Forget(ActorSystem system)
    {
        _runnable.RemoveAll(runnable => runnable.System == system);
        if (!_timers.Remove(system, out var timers))
            return;
        foreach (var timer in timers.ToArray())
            timer.Dispose();
    }

    private void RequireSteppingThread(string who)
    {
        if (Environment.CurrentManagedThreadId == _thread)
            return;
        // The intruder's exception may end unseen in a task, so the next step tells of it too.
        _intrusion = $"{who}: called from thread {Environment.CurrentManagedThreadId}, not from the stepping thread {_thread}. "
            + "Something awaited a task that does not come from the seams, and went on by itself.";
        throw new InvalidOperationException(_intrusion);
    }

    private void RequireNoIntrusion()
    {
        if (_intrusion is not null)
            throw new InvalidOperationException(_intrusion);
    }

    private sealed class SteppedTimer(HashSet<SteppedTimer> all) : IDisposable
    {
        private ITimer? _timer;

        internal void Start(ManualTime time, TimeSpan delay, TimeSpan? period, Action action) =>
            _timer = time.CreateTimer(
                _ =>
                {
                    if (period is null)
                        Dispose();
                    action();
                },
                null,
                delay,
                period ?? Timeout.InfiniteTimeSpan);

        public void Dispose()
        {
            all.Remove(this);
            _timer?.Dispose();
        }
    }
}
