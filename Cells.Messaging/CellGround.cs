using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.Leases;

namespace Cells.Messaging;

/// <summary>
/// What every process of a cell has, whether it leads the cell or not: the migrated database with a committer of its own, an actor system, and the leases
/// that it keeps. <see cref="CellRuntime"/> stands on it, with the links, in the one process that leads.
/// </summary>
public sealed class CellGround : IAsyncDisposable
{
    private static readonly TimeSpan LeaseWait = TimeSpan.FromSeconds(2);

    private readonly CellDatabase _database;
    private readonly Committer _committer;
    private Guid? _holder;

    private CellGround(CellRuntimeOptions options, ActorSystem system, CellDatabase database, Committer committer) =>
        (Options, System, _database, _committer) = (options, system, database, committer);

    public CellRuntimeOptions Options { get; }
    public ActorSystem System { get; }
    public ICellDatabase Database => _database;
    public ICommitter Committer => _committer;

    /// <summary>This process in every lease of the cell that it takes. Drawn when it is first asked for.</summary>
    public Guid Holder => _holder ??= Options.Ids.NewGuid();

    /// <summary>Migrates the database and opens it. Every wait is a use of the database through the gate, so where the gate completes inline, so does this.</summary>
    /// <exception cref="CellsException">The schema is not this version's.</exception>
    public static async Task<CellGround> OpenAsync(CellRuntimeOptions options, CancellationToken stop)
    {
        if (options.Migrations.Count > 0)
        {
            await options.Gate.RunAsync(
                DatabaseUse.Commit,
                "migrations",
                inner => Migrator.MigrateAsync(options.ConnectionString, options.Migrations, options.Time, inner),
                stop);
        }
        var system = new ActorSystem(options.Name.Value, options.Dispatcher, options.Time, options.Loggers.CreateLogger("Cells.Actors"));
        var database = new CellDatabase(options.ConnectionString, options.Gate);
        return new CellGround(options, system, database, new Committer(system, options.ConnectionString, options.Gate, options.Ids, options.Committer));
    }

    /// <summary>Takes and keeps a lease for this process, from now to its orderly end. Once for each name.</summary>
    /// <param name="directory">Id of the data directory that this process has locked: a lease of its former process is taken at once. Null: none is.</param>
    /// <param name="actor">What the keeper is called.</param>
    /// <param name="subscribers">Told <see cref="LeaseTaken"/>, <see cref="LeaseLost"/> and <see cref="LeaseElsewhere"/>.</param>
    public IActorRef KeepLease(string name, Guid? directory, string actor, params IReadOnlyList<IActorRef> subscribers)
    {
        var lease = new LeaseOptions(name, Holder, directory);
        var keeper = System.ActorOf(Props.Create(() => new LeaseKeeper(lease, _committer, _database, subscribers)), actor);
        // Before the committer ends: freeing the row is a commit, and spares the next process the wait of a term.
        System.CoordinatedShutdown.AddTask(
            CoordinatedShutdown.PhaseServiceStop, $"lease {name}: give it back", stop => keeper.Ask<LeaseGivenBack>(new GiveLeaseBack(name), LeaseWait, stop));
        return keeper;
    }

    /// <summary>The actor hears of every group that this process committed (<see cref="GroupCommitted"/>), until it terminates.</summary>
    public void SubscribeToCommits(IActorRef subscriber) => _committer.Subscribe(subscriber);

    /// <summary>Another process of the cell has committed this: whoever hears of this one's groups hears of it.</summary>
    public void TellCommittedElsewhere(GroupCommitted group) => _committer.TellElsewhere(group);

    /// <summary>Ends in order: what waits is committed, leases are given back, then the actors stop. May be called again.</summary>
    public async Task StopAsync(string reason)
    {
        await System.CoordinatedShutdown.Run(reason);
        await DisposeAsync();
    }

    /// <summary>What kill -9 does, for stepped worlds: nothing of it runs any more, nothing is finished.</summary>
    public void Crash() => System.Crash();

    /// <summary>Closes the connections. After <see cref="StopAsync"/>, which does it, or <see cref="Crash"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await _committer.DisposeAsync();
        await _database.DisposeAsync();
    }
}
