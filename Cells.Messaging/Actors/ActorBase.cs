namespace Cells.Messaging.Actors;

/// <summary>An actor: state that only its own handlers touch, one message at a time. Handlers neither block nor await;
/// they start work, pipe its result to the actor, and handle that as the next message.</summary>
public abstract class ActorBase
{
    private readonly ActorCell _cell;

    protected ActorBase() => _cell = ActorCell.TakeForConstruction(GetType());

    protected IActorRef Self => _cell.Self;

    protected IActorRef Parent => _cell.Parent;

    protected IActorRef Sender => _cell.InTurn().Sender;

    protected IActorContext Context => _cell.InTurn();

    protected ITimerScheduler Timers => _cell.InTurn().Timers;

    protected IStash Stash => _cell.InTurn().Stash;

    /// <summary>Cancelled when this instance ends, by stop or restart; hand it to the work that the actor starts.</summary>
    protected CancellationToken Stopping => _cell.InTurn().Stopping;

    /// <returns>False when the actor has no handler for the message; it then goes to <see cref="Unhandled"/>.</returns>
    protected abstract bool Receive(object message);

    protected virtual void PreStart()
    {
    }

    protected virtual void PostStop()
    {
    }

    /// <summary>Called on the failed instance before the new one is made. Stops the children and calls <see cref="PostStop"/>.</summary>
    /// <param name="message">What was being handled, if anything.</param>
    protected virtual void PreRestart(Exception reason, object? message)
    {
        foreach (var child in Context.Children)
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }
        PostStop();
    }

    /// <summary>Called on the new instance after a restart. Calls <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    /// <summary>How this actor's children are supervised, unless its Props say otherwise.</summary>
    protected virtual SupervisorStrategy SupervisorStrategy() => Actors.SupervisorStrategy.DefaultStrategy;

    /// <summary>Counts the message among the dead letters.</summary>
    /// <exception cref="DeathPactException">The message is <see cref="Terminated"/>: who watches must handle it.</exception>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
            throw new DeathPactException($"{_cell.Path} watched {terminated.ActorRef.Path} and has no handler for Terminated.");
        _cell.Bury(_cell.Handling, DeadLetterReason.Unhandled);
    }

    /// <summary>Sends the actor what a task that has been started ends with: never inline, also if it has ended already.</summary>
    /// <param name="success">Makes the message from the result. Called in the actor's turn; what it throws is the actor's failure.</param>
    /// <param name="failure">Makes the message from the error or cancellation, likewise.</param>
    /// <param name="sender">The message's sender; hand in <see cref="Sender"/> to answer the one who asked.</param>
    /// <remarks>The result is not subject to the mailbox's bound. It arrives after a restart too.</remarks>
    protected void PipeToSelf<T>(Task<T> task, Func<T, object> success, Func<Exception, object> failure, IActorRef? sender = null)
    {
        ArgumentNullException.ThrowIfNull(success);
        PipedResult.Await(_cell.InTurn(), task, () => success(task.Result), failure, sender);
    }

    /// <inheritdoc cref="PipeToSelf{T}"/>
    protected void PipeToSelf(Task task, Func<object> success, Func<Exception, object> failure, IActorRef? sender = null) =>
        PipedResult.Await(_cell.InTurn(), task, success, failure, sender);

    internal bool IsOf(ActorCell cell) => _cell == cell;

    internal bool HandleMessage(object message) => Receive(message);

    internal void HandleUnhandled(object message) => Unhandled(message);

    internal void Starting() => PreStart();

    internal void Stopped() => PostStop();

    internal void Restarting(Exception reason, object? message) => PreRestart(reason, message);

    internal void Restarted(Exception reason) => PostRestart(reason);

    internal SupervisorStrategy Strategy() => SupervisorStrategy();
}
