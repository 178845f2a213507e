namespace Cells.Messaging.Actors;

/// <summary>Ends a system in named phases, one after the other. The tasks of a phase run at the same time; one that fails or takes
/// longer than its phase may is logged and left behind.</summary>
public sealed class CoordinatedShutdown
{
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";
    public const string PhaseServiceUnbind = "service-unbind";
    public const string PhaseServiceRequestsDone = "service-requests-done";
    public const string PhaseServiceStop = "service-stop";
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";
    public const string PhaseActorSystemTerminate = "actor-system-terminate";

    private readonly ActorSystem _system;
    private readonly Lock _lock = new();
    private readonly Phase[] _phases;
    private Task? _run;

    internal CoordinatedShutdown(ActorSystem system)
    {
        _system = system;
        _phases =
        [
            new(PhaseBeforeServiceUnbind),
            new(PhaseServiceUnbind),
            new(PhaseServiceRequestsDone),
            new(PhaseServiceStop),
            new(PhaseBeforeActorSystemTerminate),
            new(PhaseActorSystemTerminate),
        ];
        AddTask(PhaseActorSystemTerminate, "terminate-system", _ => system.Terminate());
    }

    /// <param name="task">Its token is cancelled when the phase's time is over.</param>
    /// <exception cref="ArgumentException">There is no such phase.</exception>
    /// <exception cref="InvalidOperationException">The shutdown has begun.</exception>
    public void AddTask(string phase, string name, Func<CancellationToken, Task> task)
    {
        ArgumentNullException.ThrowIfNull(task);
        lock (_lock)
        {
            RequireNotBegun(name);
            PhaseNamed(phase).Tasks.Add(new NamedTask(name, task));
        }
    }

    /// <summary>How long a phase may take; 5 s unless set.</summary>
    public void SetTimeout(string phase, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        lock (_lock)
        {
            RequireNotBegun($"the time-out of {phase}");
            PhaseNamed(phase).Timeout = timeout;
        }
    }

    /// <summary>Runs all phases; every further call returns the same task. It does not fail.</summary>
    public Task Run(string reason)
    {
        TaskCompletionSource<bool> ended;
        lock (_lock)
        {
            if (_run is not null)
                return _run;
            ended = _system.NewCompletion<bool>();
            _run = ended.Task;
        }
        _ = RunPhases(reason, ended);
        return ended.Task;
    }

    private async Task RunPhases(string reason, TaskCompletionSource<bool> ended)
    {
        _system.BeginEnding();
        MessagingTelemetry.ShutdownBegins(_system.Logger, _system.Name, reason);
        foreach (var phase in _phases)
        {
            if (phase.Tasks.Count > 0)
                await RunPhase(phase);
        }
        ended.SetResult(true);
    }

    private async Task RunPhase(Phase phase)
    {
        var overtime = new CancellationTokenSource();   // cancelled by the dispatcher's timer below, so that stepped time rules it
        var inTime = _system.NewCompletion<bool>();
        using var timer = _system.Dispatcher.Schedule(_system, phase.Timeout, period: null, () => inTime.TrySetResult(false));
        var left = phase.Tasks.Count;
        var running = phase.Tasks.ConvertAll(task => (task.Name, Ended: Follow(task)));
        if (await inTime.Task)
            return;
        foreach (var (name, _) in running.Where(task => !task.Ended.IsCompleted))
            MessagingTelemetry.ShutdownTaskLate(_system.Logger, _system.Name, phase.Name, name, phase.Timeout);
#pragma warning disable CA1849 // CancelAsync would leave the stepping thread
        overtime.Cancel();
#pragma warning restore CA1849

        async Task Follow(NamedTask task)
        {
            try
            {
                await task.Start(overtime.Token);
            }
            catch (Exception error)
            {
                MessagingTelemetry.ShutdownTaskFailed(_system.Logger, _system.Name, phase.Name, task.Name, error);
            }
            if (Interlocked.Decrement(ref left) == 0)
                inTime.TrySetResult(true);
        }
    }

    private Phase PhaseNamed(string name) => Array.Find(_phases, phase => phase.Name == name)
        ?? throw new ArgumentException($"There is no shutdown phase '{name}'; the phases are {string.Join(", ", _phases.Select(phase => phase.Name))}.", nameof(name));

    private void RequireNotBegun(string what)
    {
        if (_run is not null)
            throw new InvalidOperationException($"{_system.Name} is shutting down already; {what} comes too late.");
    }

    private sealed class Phase(string name)
    {
        internal string Name => name;

        internal TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

        internal List<NamedTask> Tasks { get; } = [];
    }

    private readonly record struct NamedTask(string Name, Func<CancellationToken, Task> Start);
}
