using Cells.Contracts;
using Cells.Messaging.Actors;

namespace Cells.Messaging.Storage;

/// <summary>A cell's committer, as the rest of the cell sees it. See <see cref="CommitterActor"/>.</summary>
public sealed class Committer : ICommitter, IAsyncDisposable
{
    private readonly ActorSystem _system;
    private readonly CommitterOptions _options;
    private readonly CommitConnection _connection;
    private readonly IActorRef _actor;
    private int _outstanding;   // handed in and not told yet
    private volatile bool _ended;

    /// <param name="connectionString">Of the cell's database. The committer holds one connection.</param>
    public Committer(ActorSystem system, string connectionString, IDatabaseGate gate, IIdSource ids, CommitterOptions options)
    {
        (_system, _options) = (system, options);
        var id = ids.NewGuid();
        _connection = new CommitConnection(CellConnections.ForCommits(connectionString), id);
        // Kept outside the actor: a restart after a bug must not forget a group whose outcome is not known.
        var state = new CommitterState(id, options.MaxGroup);
        _actor = system.ActorOf(
            Props.Create(() => new CommitterActor(state, _connection, gate, ids, options, Ended))
                // Room for every change that may be outstanding, so that none is lost as a dead letter, and for what else it is told.
                .WithMailboxCapacity(options.MaxWaiting + 1_000),
            "committer");
        system.CoordinatedShutdown.AddTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "committer: commit what waits",
            stop => _actor.Ask<CommitterActor.Idle>(CommitterActor.WhenIdle.Instance, TimeSpan.FromSeconds(5), stop));
    }

    public void Commit(Change change, Action<CommitOutcome> told)
    {
        var pending = new PendingChange(change, outcome =>
        {
            Interlocked.Decrement(ref _outstanding);
            CommitterMeters.Ended(outcome);
            told(outcome);
        });
        CommitterMeters.HandedIn();
        if (Interlocked.Increment(ref _outstanding) > _options.MaxWaiting)
            pending.Told(new CommitOutcome.Unavailable($"{_options.MaxWaiting} changes wait for the database of cell {_system.Name} already; try again later."));
        else if (_ended)
            pending.Told(new CommitOutcome.Unavailable($"Cell {_system.Name} has ended its work."));
        else
            _actor.Tell(new CommitterActor.Asked(pending), sender: null);
    }

    public Task<CommitOutcome> CommitAsync(Change change)
    {
        var completion = _system.NewCompletion<CommitOutcome>();
        Commit(change, outcome => completion.TrySetResult(outcome));
        return completion.Task;
    }

    /// <summary>From now on the actor gets <see cref="GroupCommitted"/> after each group, until it terminates.</summary>
    public void Subscribe(IActorRef subscriber) => _actor.Tell(new CommitterActor.Subscribe(subscriber), sender: null);

    /// <summary>The subscribers hear of a group that another process committed.</summary>
    public void TellElsewhere(GroupCommitted group) => _actor.Tell(new CommitterActor.Elsewhere(group), sender: null);

    /// <summary>Closes the connection. After the actor system has terminated, or crashed in a stepped world.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private void Ended() => _ended = true;
}
