namespace Cells.Messaging.Actors;

/// <summary>Who watches whom. Sorted by incarnation, so that notices leave in the same order in every run of a seed.</summary>
internal sealed partial class ActorCell
{
    private readonly SortedDictionary<long, ActorCell> _watching = [];
    private readonly SortedDictionary<long, ActorCell> _watchedBy = [];
    private readonly SortedSet<long> _deathsToTell = [];   // Terminated is in the mailbox and has not been unwatched since

    public IActorRef Watch(IActorRef actor)
    {
        var cell = Watchable(actor);
        if (cell != this && !_deathsToTell.Contains(cell.Incarnation) && _watching.TryAdd(cell.Incarnation, cell))
            cell.Send(new SystemMessage.Watch(this));
        return actor;
    }

    public IActorRef Unwatch(IActorRef actor)
    {
        var cell = Watchable(actor);
        _deathsToTell.Remove(cell.Incarnation);
        if (_watching.Remove(cell.Incarnation))
            cell.Send(new SystemMessage.Unwatch(this));
        return actor;
    }

    private void OnWatch(ActorCell watcher) => _watchedBy.TryAdd(watcher.Incarnation, watcher);

    private void OnUnwatch(ActorCell watcher) => _watchedBy.Remove(watcher.Incarnation);

    private void OnDeath(ActorCell dead)
    {
        if (_watching.Remove(dead.Incarnation) && !_terminating)
        {
            _deathsToTell.Add(dead.Incarnation);
            TellOwn(new Terminated(dead), dead.Self);
        }
        RemoveChild(dead);
    }

    private void TellWatchers()
    {
        foreach (var watcher in _watchedBy.Values)
        {
            if (watcher != _parent)   // the parent hears of every child's death
                watcher.Send(new SystemMessage.DeathWatchNotification(this));
        }
        _watchedBy.Clear();
    }

    private void UnwatchAll()
    {
        foreach (var watched in _watching.Values)
            watched.Send(new SystemMessage.Unwatch(this));
        _watching.Clear();
        _deathsToTell.Clear();
    }

    private ActorCell Watchable(IActorRef actor) => actor is LocalActorRef { Cell: var cell } && cell.System == System
        ? cell
        : throw new ArgumentException($"{Path} cannot watch {actor.Path}: only actors of the same system terminate in a way that can be watched.", nameof(actor));
}
