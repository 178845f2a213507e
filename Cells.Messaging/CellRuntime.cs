using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.Messaging.Storage.Leases;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging;

/// <summary>
/// What every cell has, whatever lives in it: an identity, a database with one committer, an actor system, links. The cell that lives in it
/// makes its actors, and then attaches its router to the links.
/// </summary>
public sealed class CellRuntime : IAsyncDisposable
{
    private static readonly TimeSpan LeaseWait = TimeSpan.FromSeconds(2);

    private readonly CellRuntimeOptions _options;
    private readonly CellDatabase _database;
    private readonly Committer _committer;
    private readonly CellLinks _links;

    /// <summary>
    /// Migrates the database and composes the cell. No message comes or goes before a router is attached. Every wait is a use of the
    /// database through the gate, so where the gate completes inline, so does this.
    /// </summary>
    /// <exception cref="CellsException">The schema is not this version's, a link has no key, or the database takes no writes.</exception>
    public static async Task<CellRuntime> StartAsync(CellRuntimeOptions options, CancellationToken stop)
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
        var committer = new Committer(system, options.ConnectionString, options.Gate, options.Ids, options.Committer);
        try
        {
            var store = new LinkStore(database);
            var past = options.DatabasePast ?? await LinkStore.ReadPastAsync(database, stop);
            await LinkRows.EnsureAsync(options.ConnectionString, options.Gate, options.Neighbours, past, options.Ids, stop);
            if (options.ProcessLease is { } wanted)
                await WaitForProcessLeaseAsync(options, wanted, system, committer, database, stop);
            var around = new LinkSurroundings(
                options.Name, past, system, options.Transport, options.Keys, store, committer, committer.Subscribe, options.Ids, options.Time,
                options.LinkHooks, options.Loggers.CreateLogger("Cells.Links"));
            var links = await CellLinks.OpenAsync(around, options.Neighbours, stop);
            return new CellRuntime(options, system, database, committer, links);
        }
        catch
        {
            // Nothing of a cell that did not start is left behind: no connection, no actor.
            system.Crash();
            await committer.DisposeAsync();
            await database.DisposeAsync();
            throw;
        }
    }

    private CellRuntime(CellRuntimeOptions options, ActorSystem system, CellDatabase database, Committer committer, CellLinks links)
    {
        (_options, System, _database, _committer, _links) = (options, system, database, committer, links);
        system.CoordinatedShutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "links: hear no more frames", _ =>
        {
            links.Dispose();
            return Task.CompletedTask;
        });
    }

    public CellName Name => _options.Name;
    public Guid Id => _options.Id;
    public CellKind Kind => _options.Kind;
    public IReadOnlyList<Neighbour> Neighbours => _options.Neighbours;
    public ActorSystem System { get; }
    public ICellDatabase Database => _database;
    public ICommitter Committer => _committer;
    public ILinks Links => _links;
    public TimeProvider Time => _options.Time;
    public IIdSource Ids => _options.Ids;
    public IDispatcher Dispatcher => _options.Dispatcher;
    public ILoggerFactory Loggers => _options.Loggers;

    /// <summary>The actor hears of every committed group (<see cref="GroupCommitted"/>), until it terminates.</summary>
    public void SubscribeToCommits(IActorRef subscriber) => _committer.Subscribe(subscriber);

    /// <summary>
    /// Takes and keeps the lease of the cell's name for this process, for whatever of the cell only one process may do. Once.
    /// </summary>
    /// <param name="directory">Id of the data directory that this process has locked: a lease of its former process is taken at once. Null: none is.</param>
    /// <param name="subscribers">Told <see cref="LeaseTaken"/> and <see cref="LeaseLost"/>.</param>
    public IActorRef KeepLease(Guid? directory, params IReadOnlyList<IActorRef> subscribers) =>
        KeepLease(System, _committer, _database, new LeaseOptions(Name.Value, Ids.NewGuid(), directory), "lease-keeper", subscribers);

    private static IActorRef KeepLease(
        ActorSystem system, Committer committer, CellDatabase database, LeaseOptions lease, string actor, IReadOnlyList<IActorRef> subscribers)
    {
        var keeper = system.ActorOf(Props.Create(() => new LeaseKeeper(lease, committer, database, subscribers)), actor);
        // Before the committer ends: freeing the row is a commit, and spares the next process the wait of a term.
        system.CoordinatedShutdown.AddTask(
            CoordinatedShutdown.PhaseServiceStop, $"lease {lease.Name}: give it back", stop => keeper.Ask<LeaseGivenBack>(new GiveLeaseBack(lease.Name), LeaseWait, stop));
        return keeper;
    }

    /// <summary>
    /// Waits for the lease of the cell's process. Before the links are read: what another process does meanwhile must not look like a past that was lost.
    /// </summary>
    private static async Task WaitForProcessLeaseAsync(
        CellRuntimeOptions options, ProcessLease wanted, ActorSystem system, Committer committer, CellDatabase database, CancellationToken stop)
    {
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var follower = system.ActorOf(Props.Create(() => new OneProcess(() => taken.TrySetResult(), wanted.Elsewhere)), "one-process");
        var lease = new LeaseOptions(OneProcess.LeaseOf(options.Name), options.Ids.NewGuid(), wanted.Directory);
        KeepLease(system, committer, database, lease, "process-lease-keeper", [follower]);
        try
        {
            await taken.Task.WaitAsync(wanted.SayAfter, options.Time, stop);
        }
        catch (TimeoutException)
        {
            wanted.Waits();
            await taken.Task.WaitAsync(stop);
        }
    }

    /// <summary>A source of chance of its own for each purpose, so that one user's draws do not shift another's. Not for two threads.</summary>
    public Random NewRandom(string purpose)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"{_options.Seed} {Name} {purpose}"));
        return new Random(BinaryPrimitives.ReadInt32LittleEndian(bytes));
    }

    /// <summary>Ends the cell in order: no more frames, what waits is committed, then the actors stop. May be called again.</summary>
    public async Task StopAsync(string reason)
    {
        await System.CoordinatedShutdown.Run(reason);
        await DisposeAsync();
    }

    /// <summary>
    /// What kill -9 does to a cell, for stepped worlds: nothing of it runs any more, nothing is finished. Its connections stay open until it
    /// is disposed, which must not be while a use of the database is still under way on another thread.
    /// </summary>
    public void Crash()
    {
        _links.Dispose();
        System.Crash();
    }

    /// <summary>Closes the connections. After <see cref="StopAsync"/>, which does it, or <see cref="Crash"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await _committer.DisposeAsync();
        await _database.DisposeAsync();
    }
}
