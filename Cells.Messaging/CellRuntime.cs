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
    private readonly CellGround _ground;
    private readonly IActorRef? _process;
    private readonly CellLinks _links;

    /// <summary>
    /// Migrates the database and composes the cell. No message comes or goes before a router is attached. Every wait is a use of the
    /// database through the gate, so where the gate completes inline, so does this.
    /// </summary>
    /// <exception cref="CellsException">The schema is not this version's, a link has no key, or the database takes no writes.</exception>
    public static async Task<CellRuntime> StartAsync(CellRuntimeOptions options, CancellationToken stop)
    {
        var ground = await CellGround.OpenAsync(options, stop);
        try
        {
            return await StartAsync(ground, stop);
        }
        catch
        {
            // Nothing of a cell that did not start is left behind: no connection, no actor.
            ground.Crash();
            await ground.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The same where the process has worked on this ground already, as a node that does not lead. Returns once it may lead. Ending the runtime ends the
    /// ground; when it does not start, the ground is its owner's still.
    /// </summary>
    /// <exception cref="CellsException">A link has no key, or the database takes no writes.</exception>
    public static async Task<CellRuntime> StartAsync(CellGround ground, CancellationToken stop)
    {
        var options = ground.Options;
        var past = options.DatabasePast ?? await LinkStore.ReadPastAsync(ground.Database, stop);
        await LinkRows.EnsureAsync(options.ConnectionString, options.Gate, options.Neighbours, past, options.Ids, stop);
        var process = options.ProcessLease is { } wanted ? await WaitForProcessLeaseAsync(ground, wanted, stop) : null;
        var around = new LinkSurroundings(
            options.Name, past, ground.System, options.Transport, options.Keys, new LinkStore(ground.Database), ground.Committer, ground.SubscribeToCommits, options.Ids,
            options.Time, options.LinkHooks, options.Loggers.CreateLogger("Cells.Links"));
        return new CellRuntime(ground, process, await CellLinks.OpenAsync(around, options.Neighbours, stop));
    }

    private CellRuntime(CellGround ground, IActorRef? process, CellLinks links)
    {
        (_ground, _process, _links) = (ground, process, links);
        ground.System.CoordinatedShutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "links: hear no more frames", _ =>
        {
            links.Dispose();
            return Task.CompletedTask;
        });
    }

    /// <summary>What this process has of the cell whether it leads or not.</summary>
    public CellGround Ground => _ground;

    public CellName Name => _ground.Options.Name;
    public Guid Id => _ground.Options.Id;
    public CellKind Kind => _ground.Options.Kind;
    public IReadOnlyList<Neighbour> Neighbours => _ground.Options.Neighbours;
    public ActorSystem System => _ground.System;
    public ICellDatabase Database => _ground.Database;
    public ICommitter Committer => _ground.Committer;
    public ILinks Links => _links;
    public TimeProvider Time => _ground.Options.Time;
    public IIdSource Ids => _ground.Options.Ids;
    public IDispatcher Dispatcher => _ground.Options.Dispatcher;
    public ILoggerFactory Loggers => _ground.Options.Loggers;

    /// <summary>The actor hears of every committed group (<see cref="GroupCommitted"/>), until it terminates.</summary>
    public void SubscribeToCommits(IActorRef subscriber) => _ground.SubscribeToCommits(subscriber);

    /// <summary>
    /// For whatever of the cell only one process may do. Where the process itself waited for a lease, that is the one; else that of the cell's name is
    /// taken and kept. Once.
    /// </summary>
    /// <param name="directory">Id of the data directory that this process has locked: a lease of its former process is taken at once. Null: none is.</param>
    /// <param name="subscriber">Told <see cref="LeaseTaken"/> and <see cref="LeaseLost"/>.</param>
    public void KeepLease(Guid? directory, IActorRef subscriber)
    {
        if (_process is not null)
            _process.Tell(new OneProcess.Follow(subscriber), null);
        else
            _ground.KeepLease(Name.Value, directory, "lease-keeper", [subscriber]);
    }

    /// <summary>
    /// Waits for the lease of the cell's process. Before the links are read: what another process does meanwhile must not look like a past that was lost.
    /// </summary>
    private static async Task<IActorRef> WaitForProcessLeaseAsync(CellGround ground, ProcessLease wanted, CancellationToken stop)
    {
        var options = ground.Options;
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var follower = ground.System.ActorOf(Props.Create(() => new OneProcess(() => taken.TrySetResult(), wanted.Elsewhere)), "one-process");
        ground.KeepLease(OneProcess.LeaseOf(options.Name), wanted.Directory, "process-lease-keeper", [follower]);
        try
        {
            await taken.Task.WaitAsync(wanted.SayAfter, options.Time, stop);
        }
        catch (TimeoutException)
        {
            wanted.Waits();
            await taken.Task.WaitAsync(stop);
        }
        return follower;
    }

    /// <summary>A source of chance of its own for each purpose, so that one user's draws do not shift another's. Not for two threads.</summary>
    public Random NewRandom(string purpose)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"{_ground.Options.Seed} {Name} {purpose}"));
        return new Random(BinaryPrimitives.ReadInt32LittleEndian(bytes));
    }

    /// <summary>Ends the cell in order: no more frames, what waits is committed, then the actors stop. May be called again.</summary>
    public Task StopAsync(string reason) => _ground.StopAsync(reason);

    /// <summary>
    /// What kill -9 does to a cell, for stepped worlds: nothing of it runs any more, nothing is finished. Its connections stay open until it
    /// is disposed, which must not be while a use of the database is still under way on another thread.
    /// </summary>
    public void Crash()
    {
        _links.Dispose();
        _ground.Crash();
    }

    /// <summary>Closes the connections. After <see cref="StopAsync"/>, which does it, or <see cref="Crash"/>.</summary>
    public ValueTask DisposeAsync() => _ground.DisposeAsync();
}
