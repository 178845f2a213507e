using System.Collections.Immutable;

namespace Cells.Messaging.Actors;

/// <summary>The children, and what is done when one of them fails.</summary>
internal sealed partial class ActorCell
{
    // The guardian's children are made from any thread, hence the lock; readers take a snapshot. Sorted: order must not depend on hashes.
    private readonly Lock _childrenLock = new();
    private ImmutableSortedDictionary<string, ChildEntry> _children = ImmutableSortedDictionary.Create<string, ChildEntry>(StringComparer.Ordinal);
    private bool _noMoreChildren;
    private long _namesGiven;

    public IReadOnlyList<IActorRef> Children => [.. Volatile.Read(ref _children).Values.Select(child => child.Cell.Self)];

    private bool HasChildren => !Volatile.Read(ref _children).IsEmpty;

    private bool AnyChildIsEnding => Volatile.Read(ref _children).Values.Any(child => child.IsEnding);

    public IActorRef Child(string name) =>
        Volatile.Read(ref _children).TryGetValue(name, out var child) ? child.Cell.Self : ActorRefs.Nobody;

    public IActorRef ActorOf(Props props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is not null)
            ActorPath.RequireValidName(name);
        ActorCell child;
        lock (_childrenLock)
        {
            if (_noMoreChildren)
                throw new InvalidOperationException($"{Path} is terminating and takes no new child '{name}'.");
            name ??= $"${++_namesGiven}";
            if (_children.ContainsKey(name))
                throw new InvalidActorNameException($"{Path} has a child '{name}' already; the name is free when that one has terminated (Watch it).");
            child = new ActorCell(System, props, new ActorPath(Path, name), this);
            Volatile.Write(ref _children, _children.Add(name, new ChildEntry(child)));
        }
        child.Send(new SystemMessage.Create());
        return child.Self;
    }

    public void Stop(IActorRef actor)
    {
        if (actor.IsNobody())
            return;
        if (actor is not LocalActorRef { Cell: var cell } || cell.System != System)
            throw new ArgumentException($"{actor.Path} is not an actor of this system and cannot be stopped.", nameof(actor));
        if (EntryOf(cell) is { } child)
            child.IsEnding = true;
        cell.Send(new SystemMessage.Terminate());
    }

    private ActorCell[] ChildCells() => [.. Volatile.Read(ref _children).Values.Select(child => child.Cell)];

    private ChildEntry? EntryOf(ActorCell cell) =>
        Volatile.Read(ref _children).TryGetValue(cell.Path.Name, out var child) && child.Cell == cell ? child : null;

    private void SendToChildren(Func<SystemMessage> message)
    {
        foreach (var child in ChildCells())
            child.Send(message());
    }

    private void StopAllChildren()
    {
        lock (_childrenLock)
            _noMoreChildren = true;
        foreach (var child in ChildCells())
            Stop(child.Self);
    }

    private void RemoveChild(ActorCell dead)
    {
        if (EntryOf(dead) is null)
            return;
        lock (_childrenLock)
            Volatile.Write(ref _children, _children.Remove(dead.Path.Name));
        if (_terminating && !HasChildren && !HasTerminated)
            FinishTerminate();
        else if (_recreateWhenChildrenEnded is { } cause && !AnyChildIsEnding)
            FinishRecreate(cause);
    }

    private void OnFailed(SystemMessage.Failed failed)
    {
        var (child, cause) = (failed.Child, failed.Cause);
        if (EntryOf(child) is not { IsEnding: false } entry)
            return;
        var strategy = _props.SupervisorStrategy ?? _actor?.Strategy() ?? SupervisorStrategy.DefaultStrategy;
        var verdict = strategy.Judge(cause, entry.Restarts, System.Time);
        MessagingTelemetry.ActorFailed(System.Logger, child.Path, failed.During, verdict, cause);
        switch (verdict.Directive)
        {
            case Directive.Resume:
                child.Send(new SystemMessage.Resume(afterFailure: true));
                break;
            case Directive.Restart when verdict.Delay > TimeSpan.Zero:
                System.Dispatcher.Schedule(System, verdict.Delay, period: null, () => child.Send(new SystemMessage.Recreate(cause)));
                break;
            case Directive.Restart:
                child.Send(new SystemMessage.Recreate(cause));
                break;
            case Directive.Stop:
                Stop(child.Self);
                break;
            case Directive.Escalate when verdict.RestartsExhausted:
                Stop(child.Self);
                Fail(new RestartsExhaustedException($"{child.Path} failed again after {entry.Restarts.Count - 1} restarts and was stopped: {cause.Message}", cause), failed.During);
                break;
            case Directive.Escalate:
                Fail(cause, failed.ToString());
                break;
            default:
                throw new InvalidOperationException($"{Path}: its supervisor strategy gave the unknown directive {verdict.Directive}.");
        }
    }

    private sealed class ChildEntry(ActorCell cell)
    {
        internal ActorCell Cell => cell;

        internal RestartCount Restarts { get; } = new();

        /// <summary>Told to stop by this parent; a restart waits for it.</summary>
        internal bool IsEnding { get; set; }
    }
}
