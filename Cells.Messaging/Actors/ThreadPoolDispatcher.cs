namespace Cells.Messaging.Actors;

/// <summary>Runs actors on the thread pool, timers on the system's TimeProvider. One may serve many systems.</summary>
/// <param name="throughput">Messages of one actor in a row: higher is faster, lower is fairer.</param>
public sealed class ThreadPoolDispatcher(int throughput = 64) : IDispatcher
{
    public int Throughput { get; } = throughput >= 1
        ? throughput
        : throw new ArgumentOutOfRangeException(nameof(throughput), throughput, "At least one message must be handled per turn.");

    public void Execute(Runnable runnable) => ThreadPool.UnsafeQueueUserWorkItem(runnable, preferLocal: false);

    public IDisposable Schedule(ActorSystem owner, TimeSpan delay, TimeSpan? period, Action action) =>
        owner.Time.CreateTimer(
            static timer =>
            {
                var (system, ring) = ((ActorSystem, Action))timer!;
                if (!system.HasCrashed)
                    ring();
            },
            (owner, action),
            delay,
            period ?? Timeout.InfiniteTimeSpan);

    public TaskCompletionSource<T> NewCompletion<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Nothing to do: what still runs sees that its system has crashed.</summary>
    public void Forget(ActorSystem system)
    {
    }
}
