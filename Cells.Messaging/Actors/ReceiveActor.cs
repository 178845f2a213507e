namespace Cells.Messaging.Actors;

/// <summary>An actor whose handlers are declared in its constructor, or in <see cref="Become"/>. The first that takes a message
/// handles it, in the order of declaration. There is no asynchronous handler: see <see cref="ActorBase.PipeToSelf{T}"/>.</summary>
public abstract class ReceiveActor : ActorBase
{
    private List<Handler> _handlers = [];
    private List<Handler>? _declaring;

    protected ReceiveActor() => _declaring = _handlers;

    protected void Receive<T>(Action<T> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Declare(message =>
        {
            if (message is not T typed)
                return false;
            handler(typed);
            return true;
        });
    }

    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler)
    {
        ArgumentNullException.ThrowIfNull(shouldHandle);
        ArgumentNullException.ThrowIfNull(handler);
        Declare(message =>
        {
            if (message is not T typed || !shouldHandle(typed))
                return false;
            handler(typed);
            return true;
        });
    }

    protected void ReceiveAny(Action<object> handler) => Receive(handler);

    /// <summary>Replaces all handlers by those that <paramref name="configure"/> declares; the message at hand is finished first.
    /// A restart begins with the constructor's again.</summary>
    protected void Become(Action configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var outer = _declaring;
        _declaring = [];
        configure();
        _handlers = _declaring;
        _declaring = outer is null ? null : _handlers;
    }

    protected sealed override bool Receive(object message)
    {
        _declaring = null;
        foreach (var handler in _handlers)
        {
            if (handler(message))
                return true;
        }
        return false;
    }

    private void Declare(Handler handler)
    {
        var handlers = _declaring ?? throw new InvalidOperationException(
            $"{GetType().Name}: handlers are declared in the constructor or inside Become, not in a handler.");
        handlers.Add(handler);
    }

    /// <returns>Whether it took the message.</returns>
    private delegate bool Handler(object message);
}
