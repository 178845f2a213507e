namespace Cells.Messaging.Actors;

/// <summary>The seam between actors and what runs them: threads in life (<see cref="ThreadPoolDispatcher"/>), a stepper in
/// simulation (<see cref="SteppedDispatcher"/>). Order of execution, timers and the completion of tasks all go through it.</summary>
public interface IDispatcher
{
    /// <summary>Messages of one actor handled in a row before others get their turn.</summary>
    int Throughput { get; }

    /// <summary>Takes what has become runnable. Called once per idle-to-runnable change, from any thread that tells.</summary>
    void Execute(Runnable runnable);

    /// <summary>Calls <paramref name="action"/> once after <paramref name="delay"/>, or each <paramref name="period"/> from then on.
    /// The action may be called on any thread and must only enqueue. Disposing cancels; an action under way is not waited for.</summary>
    IDisposable Schedule(ActorSystem owner, TimeSpan delay, TimeSpan? period, Action action);

    /// <summary>A completion source whose awaiters go on as this world wants it: on another thread in life, inline in simulation.</summary>
    TaskCompletionSource<T> NewCompletion<T>();

    /// <summary>The system crashed: forget what of it is runnable or scheduled.</summary>
    void Forget(ActorSystem system);
}
