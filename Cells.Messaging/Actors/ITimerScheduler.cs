namespace Cells.Messaging.Actors;

/// <summary>An actor's timers, each under a key. Starting one under a used key replaces it. A message of a timer that was
/// cancelled or replaced never arrives, not even if it was in the mailbox already. Stop and restart cancel all.</summary>
public interface ITimerScheduler
{
    /// <summary>Tells the actor <paramref name="message"/> once after <paramref name="delay"/>.</summary>
    void StartSingleTimer(object key, object message, TimeSpan delay);

    /// <summary>Tells the actor <paramref name="message"/> each <paramref name="interval"/>, the first time after one interval.</summary>
    void StartPeriodicTimer(object key, object message, TimeSpan interval);

    /// <summary>True until a single timer's message is handled, or the timer is cancelled.</summary>
    bool IsTimerActive(object key);

    void Cancel(object key);

    void CancelAll();
}
