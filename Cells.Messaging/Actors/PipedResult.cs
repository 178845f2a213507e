namespace Cells.Messaging.Actors;

/// <summary>In the mailbox: a task that has ended, and how its end becomes a message.</summary>
internal sealed class PipedResult
{
    private readonly ActorCell _cell;
    private readonly Task _task;
    private readonly Func<object> _success;
    private readonly Func<Exception, object> _failure;
    private readonly IActorRef? _sender;

    private PipedResult(ActorCell cell, Task task, Func<object> success, Func<Exception, object> failure, IActorRef? sender) =>
        (_cell, _task, _success, _failure, _sender) = (cell, task, success, failure, sender);

    internal static void Await(ActorCell cell, Task task, Func<object> success, Func<Exception, object> failure, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(success);
        ArgumentNullException.ThrowIfNull(failure);
        // Inline on the thread that completes the task: it only enqueues, and a stepped run must not leave its thread.
        task.ContinueWith(
            static (_, piped) => ((PipedResult)piped!).Arrive(),
            new PipedResult(cell, task, success, failure, sender),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    internal object Map()
    {
        var message = _task.IsCompletedSuccessfully ? _success() : _failure(Error());
        return message ?? throw new InvalidOperationException($"{_cell.Path}: the mapping of {this} gave null; give the message to be sent.");
    }

    public override string ToString() => _task.GetType() is { IsGenericType: true } type
        ? $"PipedResult of {type.GetGenericArguments()[0].Name}"
        : nameof(PipedResult);

    private void Arrive() => _cell.TellOwn(this, _sender);

    private Exception Error() => _task.Exception switch
    {
        null => new TaskCanceledException(_task),
        { InnerExceptions: [var only] } => only,
        var several => several,
    };
}
