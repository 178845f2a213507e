namespace Cells.Messaging.Actors;

/// <summary>The temporary actor that an Ask is answered to. The answer waits for a turn of the dispatcher like any message, so
/// the asker's continuation never runs inside the handler that answered, and a stepped run draws the moment.</summary>
internal sealed class PromiseActorRef<T> : Runnable, IActorRef
{
    private static readonly object TimedOut = new();
    private static readonly object Cancelled = new();

    // No RunContinuationsAsynchronously: the turn that completes it is already a thread of its own.
    private readonly TaskCompletionSource<T> _completion = new();
    private readonly IActorRef _asked;
    private readonly Type _question;
    private readonly TimeSpan _timeout;
    private readonly CancellationToken _cancellation;
    private CancellationTokenRegistration _registration;
    private IDisposable? _timer;
    private object? _answer;
    private bool _completed;

    private PromiseActorRef(ActorSystem system, IActorRef asked, Type question, TimeSpan timeout, CancellationToken cancellation)
    {
        (System, _asked, _question, _timeout, _cancellation) = (system, asked, question, timeout, cancellation);
        Path = system.NextTemporaryPath();
    }

    public override ActorSystem System { get; }

    public override ActorPath Path { get; }

    internal override bool HasWork => !_completed && Volatile.Read(ref _answer) is not null;

    internal static Task<T> Ask(ActorSystem system, IActorRef asked, object message, TimeSpan timeout, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        if (cancellation.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellation);

        var promise = new PromiseActorRef<T>(system, asked, message.GetType(), timeout, cancellation);
        promise._timer = system.Dispatcher.Schedule(system, timeout, period: null, () => promise.TryAnswer(TimedOut));
        promise._registration = cancellation.UnsafeRegister(static p => ((PromiseActorRef<T>)p!).TryAnswer(Cancelled), promise);
        asked.Tell(message, promise);
        return promise._completion.Task;
    }

    public void Tell(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (!TryAnswer(message))
            System.DeadLetters.Publish(new DeadLetter(message, sender, Path, DeadLetterReason.AnswerTooLate));
    }

    Task<TAnswer> IActorRef.Ask<TAnswer>(object message, TimeSpan timeout, CancellationToken cancellation) =>
        PromiseActorRef<TAnswer>.Ask(System, this, message, timeout, cancellation);

    internal override void RunNext(Action<StepTrace>? observe)
    {
        if (System.HasCrashed)
            return;
        _completed = true;
        _timer?.Dispose();
        _registration.Dispose();
        observe?.Invoke(new StepTrace(System, Path, _answer == TimedOut ? nameof(TimedOut) : _answer == Cancelled ? nameof(Cancelled) : _answer!));
        Complete();
    }

    private bool TryAnswer(object answer)
    {
        if (Interlocked.CompareExchange(ref _answer, answer, null) is not null)
            return false;
        if (!System.HasCrashed)
            ScheduleIfIdle();
        return true;
    }

    private void Complete()
    {
        switch (_answer)
        {
            case var answer when answer == TimedOut:
                _completion.SetException(new AskTimeoutException($"{_asked.Path} did not answer {_question.Name} within {_timeout}."));
                break;
            case var answer when answer == Cancelled:
                _completion.SetCanceled(_cancellation);
                break;
            case T answer:
                _completion.SetResult(answer);
                break;
            case Status.Failure failure:
                _completion.SetException(failure.Cause);
                break;
            default:
                _completion.SetException(new ArgumentException(
                    $"{_asked.Path} answered {_question.Name} with {_answer!.GetType().Name}; {typeof(T).Name} was expected."));
                break;
        }
    }
}
