using System.Collections.Concurrent;
using System.Threading.Channels;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.TestKit;
using Cells.XenSim.Core;
using Cells.XenSim.Fleet;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Cells.IntegrationTests.Compute.Pools;

/// <summary>One simulated standalone host over real HTTP, one cell's database, and as many owners of the pool as a test makes.</summary>
internal sealed class PoolWorldForTests : IAsyncDisposable
{
    public const string Password = "right";
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpXapiWireFactory _wires = new(XapiTrust.MachineOnly, TimeProvider.System);
    private readonly List<PoolOwnerForTests> _owners = [];

    private PoolWorldForTests(XenSimFleet fleet, TestDatabase database) => (Fleet, Database) = (fleet, database);

    public XenSimFleet Fleet { get; }

    public TestDatabase Database { get; }

    public HostAddress Address => AddressOf(0);

    public HostAddress AddressOf(int host) => HostAddress.Parse(Fleet.Hosts[host].Url.ToString());

    public IReadOnlyList<string> OpenSessions => Fleet.Account()[0].Sessions;

    public static Task<PoolWorldForTests> StartAsync() => StartAsync(XenSimFleetOptions.Standalone(1, Password));

    /// <summary>Two standalone hosts: two pools.</summary>
    public static Task<PoolWorldForTests> StartTwoAsync() => StartAsync(XenSimFleetOptions.Standalone(2, Password));

    /// <summary>One pool with shared storage, host-1 its coordinator; the last machine stands by.</summary>
    public static Task<PoolWorldForTests> StartPoolAsync(int members) => StartAsync(new XenSimFleetOptions { Pools = [SimulatedPools.Of(members, spares: 1, Password)] });

    private static async Task<PoolWorldForTests> StartAsync(XenSimFleetOptions options)
    {
        var database = await TestDatabase.CreateAsync(new SqlSource("compute", typeof(PoolConfig).Assembly));
        var fleet = await XenSimFleet.StartAsync(
            options with { Behaviour = new XenSimOptions { WrongPasswordDelay = TimeSpan.Zero, EmergencyAfter = TimeSpan.Zero, CoordinatorChangeTakes = TimeSpan.FromMilliseconds(200) } },
            TimeProvider.System,
            CancellationToken.None);
        return new PoolWorldForTests(fleet, database);
    }

    /// <summary>Begins to own the pool, as another node of the same cell each time.</summary>
    /// <param name="through">The hosts whose addresses are configured; none: the first.</param>
    public PoolOwnerForTests Own(Guid? cell = null, string password = Password, TimeProvider? time = null, byte key = 7, params int[] through)
    {
        var owner = new PoolOwnerForTests(
            this, _owners.Count + 1, cell ?? Guid.Parse("c0000000-0000-0000-0000-000000000001"), password, time ?? TimeProvider.System, key, [.. (through.Length == 0 ? [0] : through).Select(AddressOf)]);
        _owners.Add(owner);
        return owner;
    }

    public Task<XapiSession> LogInAsync() =>
        XenApiClient.LoginAsync(_wires.Open(Address), new XenCredentials("root", Password), "test", CancellationToken.None);

    /// <summary>What owners speak through; a test may put something in between before it makes one.</summary>
    public IXapiWireFactory Wires
    {
        get => field ?? _wires;
        set;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var owner in _owners)
            await owner.DisposeAsync();
        _wires.Dispose();
        await Fleet.DisposeAsync();
        await Database.DisposeAsync();
    }
}

/// <summary>An owner of the pool with an actor system of its own, and everything it told its observer.</summary>
internal sealed class PoolOwnerForTests : IAsyncDisposable
{
    private readonly Channel<object> _told = Channel.CreateUnbounded<object>();
    private readonly ActorSystem _system;
    private readonly Committer _committer;
    private readonly CellDatabase _database;
    private readonly TestLog _log = new();
    private PoolHandle? _handle;

    public PoolOwnerForTests(PoolWorldForTests world, int number, Guid cell, string password, TimeProvider time, byte key, IReadOnlyList<HostAddress> addresses)
    {
        _system = new ActorSystem($"node-{number}", new ThreadPoolDispatcher(), time, _log);
        var ids = new SystemIds();
        _committer = new Committer(_system, world.Database.ConnectionString, OpenGate.Instance, ids, new CommitterOptions());
        _database = new CellDatabase(world.Database.ConnectionString, OpenGate.Instance);
        var observer = _system.ActorOf(Props.Create(() => new Recorder(_told.Writer)), "observer");
        var poolWorld = new PoolWorld(
            CellName.Parse("east-1"), cell, Guid.NewGuid(), world.Wires, _database, _committer, ids,
            new SessionVault([.. Enumerable.Repeat(key, 32)], ids), time, _log);
        var config = new PoolConfig("pool-1", addresses, new XenCredentials("root", password));
        Actor = _system.ActorOf(
            Props.Create(() => new PoolActor(config, poolWorld, observer, (_, handle) =>
            {
                _handle = handle;
                return Props.Create(() => new Recorder(null));
            })),
            "pool");
    }

    public IActorRef Actor { get; }

    /// <summary>Lines of level, number and text.</summary>
    public string Log => _log.ToString();

    /// <summary>There once the first host was met, so after <see cref="ReadyAsync"/>.</summary>
    public PoolHandle Handle => _handle ?? throw new InvalidOperationException("The pool has not been read yet.");

    /// <summary>The next message of this type; earlier ones of other types are passed over.</summary>
    public async Task<T> NextAsync<T>(Func<T, bool> matches)
    {
        using var patience = new CancellationTokenSource(PoolWorldForTests.Patience);
        var passed = new List<string>();
        try
        {
            while (true)
            {
                var message = await _told.Reader.ReadAsync(patience.Token);
                if (message is T wanted && matches(wanted))
                    return wanted;
                passed.Add(message.ToString()!);
            }
        }
        catch (OperationCanceledException)
        {
            throw new AssertionException($"No such {typeof(T).Name} within {PoolWorldForTests.Patience}. Told instead:\n{string.Join('\n', passed)}\nLogged:\n{_log}");
        }
    }

    /// <summary>As a host's actor asks when it begins.</summary>
    public async Task<HostHealthChanged> AskHealthAsync(HostId host)
    {
        var answer = Channel.CreateUnbounded<object>();
        Actor.Tell(new AskHealth(host), _system.ActorOf(Props.Create(() => new Recorder(answer.Writer)), $"asker-{Guid.NewGuid():N}"));
        using var patience = new CancellationTokenSource(PoolWorldForTests.Patience);
        return (HostHealthChanged)await answer.Reader.ReadAsync(patience.Token);
    }

    /// <summary>The full read, followed by the status that says it is up.</summary>
    public async Task<PoolShown> ReadyAsync()
    {
        var shown = await NextAsync<PoolShown>(_ => true);
        await NextAsync<PoolStatusChanged>(s => s.Status == PoolStatus.Ready);
        return shown;
    }

    /// <summary>The process dies: nothing of it runs any more, its sessions stay open.</summary>
    public void Crash() => _system.Crash();

    public async ValueTask DisposeAsync()
    {
        if (!_system.HasCrashed)
            await _system.Terminate();
        await _committer.DisposeAsync();
        await _database.DisposeAsync();
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(ChannelWriter<object>? told) => ReceiveAny(message => told?.TryWrite(message));
    }

    /// <summary>Keeps what was logged, for the message of a test that fails.</summary>
    private sealed class TestLog : ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel level) => true;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? error, Func<TState, Exception?, string> format) =>
            _lines.Enqueue($"{level} {id.Id}: {format(state, error)} {error}");

        public override string ToString() => string.Join('\n', _lines);
    }
}
