namespace Cells.Messaging.Actors;

/// <summary>What a dispatcher runs: an actor with messages waiting, or an Ask whose answer is there.</summary>
public abstract class Runnable : IThreadPoolWorkItem
{
    private int _scheduled;   // 1 from the moment it is handed to the dispatcher until Leave

    public abstract ActorSystem System { get; }

    public abstract ActorPath Path { get; }

    public override string ToString() => Path.ToString();

    void IThreadPoolWorkItem.Execute()
    {
        for (var left = System.Dispatcher.Throughput; left > 0 && HasWork; left--)
            RunNext(observe: null);
        Leave();
    }

    internal bool IsScheduled => Volatile.Read(ref _scheduled) == 1;

    internal abstract bool HasWork { get; }

    /// <summary>Handles one message. Only the dispatcher calls it, and only between Execute and Leave.</summary>
    internal abstract void RunNext(Action<StepTrace>? observe);

    /// <summary>Called after something was enqueued by an interlocked operation, which is the other half of the fence in Leave.</summary>
    internal void ScheduleIfIdle()
    {
        if (Interlocked.CompareExchange(ref _scheduled, 1, 0) == 0)
            System.Dispatcher.Execute(this);
    }

    /// <summary>Leaves the scheduled state, and enters it again if a message came meanwhile.</summary>
    internal void Leave()
    {
        // A full fence, not Volatile.Write: with a release store the processor may look at the queue before the store is visible
        // to a sender. The sender then sees "scheduled", we see "empty", and the message lies there for ever (LostWakeUpTests).
        Interlocked.Exchange(ref _scheduled, 0);
        if (HasWork)
            ScheduleIfIdle();
    }
}
