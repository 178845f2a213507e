using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cells.Messaging.Actors;

/// <summary>A tree of actors in this process, with Akka.NET's words and semantics for the part that is here (ADR 0001).</summary>
public sealed class ActorSystem
{
    private readonly TaskCompletionSource<bool> _terminated;
    private readonly ActorPath _temporary;
    private readonly ActorCell _guardian;
    private volatile bool _crashed;
    private volatile bool _ending;
    private long _incarnations;
    private long _temporaries;

    /// <param name="name">First segment of every actor's path: the cell's name.</param>
    /// <param name="time">The system's clock. Timers belong to the dispatcher.</param>
    public ActorSystem(string name, IDispatcher dispatcher, TimeProvider time, ILogger? logger = null)
    {
        ActorPath.RequireValidName(name);
        (Name, Dispatcher, Time, Logger) = (name, dispatcher, time, logger ?? NullLogger.Instance);
        Root = new ActorPath(null, name);
        DeadLetters = new DeadLetters(this);
        CoordinatedShutdown = new CoordinatedShutdown(this);
        _temporary = new ActorPath(Root, "temp");
        _terminated = dispatcher.NewCompletion<bool>();
        _guardian = new ActorCell(this, Props.Create(() => new Guardian()), new ActorPath(Root, "user"), parent: null);
        _guardian.StartInline();
    }

    public string Name { get; }

    public IDispatcher Dispatcher { get; }

    public TimeProvider Time { get; }

    public DeadLetters DeadLetters { get; }

    public CoordinatedShutdown CoordinatedShutdown { get; }

    /// <summary>Completes when the last actor has stopped. Never after <see cref="Crash"/>.</summary>
    public Task WhenTerminated => _terminated.Task;

    /// <summary>Why the system ended itself: a failure that no supervisor could handle. Null in an orderly end.</summary>
    public Exception? Fault { get; private set; }

    public bool HasCrashed => _crashed;

    /// <summary>Its shutdown has begun: what still comes for an actor that has stopped is on its way to nobody, as it must be.</summary>
    internal bool IsEnding => _ending;

    internal ILogger Logger { get; }

    internal ActorPath Root { get; }

    /// <summary>Makes a top-level actor, <c>name/user/...</c>. Any thread.</summary>
    /// <inheritdoc cref="IActorContext.ActorOf"/>
    public IActorRef ActorOf(Props props, string? name = null) => _guardian.ActorOf(props, name);

    /// <inheritdoc cref="IActorContext.Stop"/>
    public void Stop(IActorRef actor) => _guardian.Stop(actor);

    /// <summary>Stops all actors, children before parents. <see cref="CoordinatedShutdown"/> does it as its last phase.</summary>
    public Task Terminate()
    {
        BeginEnding();
        _guardian.Send(new SystemMessage.Terminate());
        return WhenTerminated;
    }

    /// <summary>What the death of the process would do: from here no actor of the system runs any code, no PostStop either;
    /// mailboxes and timers are gone, pending Asks and piped tasks never complete. A handler under way on another thread runs to its end.</summary>
    public void Crash()
    {
        _crashed = true;
        Dispatcher.Forget(this);
    }

    /// <inheritdoc cref="IDispatcher.NewCompletion"/>
    public TaskCompletionSource<T> NewCompletion<T>() => Dispatcher.NewCompletion<T>();

    public override string ToString() => Name;

    internal void BeginEnding() => _ending = true;

    internal long NextIncarnation() => Interlocked.Increment(ref _incarnations);

    internal ActorPath NextTemporaryPath() => new(_temporary, $"${Interlocked.Increment(ref _temporaries)}");

    internal void GuardianFailed(Exception cause)
    {
        Fault = cause;
        MessagingTelemetry.SystemFailed(Logger, Name, cause);
        _ = Terminate();
    }

    internal void GuardianTerminated() => _terminated.TrySetResult(true);

    private sealed class Guardian : ReceiveActor;
}
