using Cells.Api;
using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Cells.TestKit;
using NUnit.Framework;

namespace Cells.IntegrationTests.Api.Tree;

/// <summary>
/// global > east > (a, b), and west under global: real API and routing cells over real databases, fake compute cells below; one thread, manual
/// time, so that nothing is waited for.
/// </summary>
internal sealed class TreeWorld : IAsyncDisposable
{
    public static readonly CellName Global = CellName.Parse("global");
    public static readonly CellName East = CellName.Parse("east");
    public static readonly ProjectId Project = new(Guid.Parse("22222222-2222-4222-8222-222222222222"));

    private readonly ManualTime _time = new();
    private readonly SteppedDispatcher _dispatcher;
    private readonly SeededIds _ids;
    private readonly int _seed;
    private readonly SortedDictionary<CellName, TestDatabase> _databases = [];
    private readonly List<CellRuntime> _runtimes = [];
    private readonly string _directory = Directory.CreateTempSubdirectory("cells-tree-").FullName;
    private readonly Dictionary<CellName, ApiCell> _cells = [];

    private TreeWorld(int seed)
    {
        _seed = seed;
        _dispatcher = new SteppedDispatcher(_time);
        _ids = new SeededIds(new Random(seed));
        Transport = new UnreliableTransport(seed);
        Gate = new InlineGate(seed);
    }

    public UnreliableTransport Transport { get; }

    /// <summary>Of all cells. A cell starts without faults.</summary>
    public InlineGate Gate { get; }

    public FakeComputeCell A { get; } = new(CellName.Parse("a"), East);
    public FakeComputeCell B { get; } = new(CellName.Parse("b"), East);
    public FakeComputeCell West { get; } = new(CellName.Parse("west"), Global);
    public ApiOptions Options { get; init; } = new() { RequestDeadline = TimeSpan.FromMinutes(2) };
    public ApiCell Home => _cells[Global];
    public ApiCell Routing => _cells[East];
    public DateTimeOffset Now => _time.GetUtcNow();

    private IEnumerable<FakeComputeCell> Fakes => [A, B, West];

    /// <param name="heard">Lets the cells hear each other before the test goes on.</param>
    public static async Task<TreeWorld> StartAsync(int seed = 1, bool heard = true)
    {
        var world = new TreeWorld(seed);
        foreach (var name in new[] { Global, East })
            world._databases[name] = await TestDatabase.CreateAsync(ApiHome.Sql);
        foreach (var fake in world.Fakes)
        {
            world._databases[fake.Name] = await TestDatabase.CreateAsync([]);
            await world._databases[fake.Name].ExecuteAsync(FakeRow.Table);
        }
        world.Run(TimeSpan.Zero);
        world.StartApi(Global);
        world.StartApi(East);
        foreach (var fake in world.Fakes)
            world.StartFake(fake);
        if (heard)
            world.Run(TimeSpan.FromSeconds(5));
        return world;
    }

    public void Run(TimeSpan duration)
    {
        _dispatcher.BindToCurrentThread();               // set-up and test may run on different threads, one after the other
        _dispatcher.RunFor(duration);
    }

    public TestDatabase Database(CellName cell) => _databases[cell];

    public BuildInstance Build(string name = "s1", int vcpus = 1) => new(
        new InstanceId(_ids.NewGuid()), 1, 1, 0, Project, new UserId(_ids.NewGuid()), "req-1", name, new Flavor("1", "small", vcpus, 512, 1),
        new ImageSpec(new ImageId(_ids.NewGuid()), 1, "00", "raw"), PlacementHints.None);

    /// <summary>As the door does it, with an intent row that quota counts.</summary>
    public InstanceId Create(BuildInstance? build = null)
    {
        var command = build ?? Build();
        Ended(Database(Global).ExecuteAsync($"""
            insert into instance_intent (id, project_id, user_id, name, metadata, flavor_id, flavor_name, vcpus, memory_mib, disk_gib, image_id,
                image_bytes, image_sha256, image_format, hints, disk_config, reservation_id, intent_number, desired, request_id, deadline, created_at, updated_at)
            values ('{command.Instance}', '{Project.Value}', '{command.User.Value}', 's', '{"{}"}', '1', 'small', 1, 512, 1, '{command.Image.Id}',
                1, '00', 'raw', '{"{}"}', 'MANUAL', 'r-1', 1, 'active', 'req-1', '2026-01-01', '2026-01-01', '2026-01-01')
            """));
        _dispatcher.BindToCurrentThread();
        var outcome = Home.Servers.BuildAsync([command], [], Now + Options.RequestDeadline, null, CancellationToken.None);
        Answered(outcome);
        Assert.That(Ended(outcome), Is.InstanceOf<DispatchOutcome.Ended>().With.Property("Outcome").InstanceOf<CommitOutcome.Committed>());
        return command.Instance;
    }

    public void Delete(InstanceId instance) =>
        Assert.That(TryDelete(instance), Is.InstanceOf<CommitOutcome.Committed>());

    public CommitOutcome TryDelete(InstanceId instance)
    {
        _dispatcher.BindToCurrentThread();
        var outcome = Home.Servers.DeleteAsync(
            new DeleteInstance(instance, 0, 2, Project, "req-2"), [], Now + Options.RequestDeadline, null, CancellationToken.None);
        Answered(outcome);
        return ((DispatchOutcome.Ended)Ended(outcome)).Outcome;
    }

    public CommitOutcome Say(FakeComputeCell cell, params IWrite[] writes)
    {
        _dispatcher.BindToCurrentThread();
        var outcome = cell.SayAsync(writes);
        Step();
        return Ended(outcome);
    }

    public IReadOnlyList<DispatchRow> Rows(CellName cell, InstanceId instance) =>
        Ended(new DispatchStore(_cells[cell].Runtime.Database).ReadAsync([instance], CancellationToken.None));

    public DispatchRow Row(CellName cell, InstanceId instance) => Rows(cell, instance)[^1];

    public InstanceRow? Observed(CellName cell, InstanceId instance) =>
        Ended(Database(cell).QueryAsync<string>($"select body from instance_observed where instance = '{instance}'")) is [var body]
            ? Cells.Api.Index.ObservedJson.Instance(body) : null;

    public ServerView View(InstanceId instance, long intent = 1) => Contracts.View.Of(
        new ViewIntent(intent, intent == 1 ? TaskState.Scheduling : TaskState.Deleting, _time.GetUtcNow(), null),
        Row(Global, instance).ForView, Observed(Global, instance));

    public bool IsTerminated(InstanceId instance) =>
        Ended(Database(Global).QueryAsync<bool>($"select terminated_at is not null from instance_intent where id = '{instance}'")).Single();

    public T Ask<T>(Func<ApiCell, Task<T>> ask)
    {
        _dispatcher.BindToCurrentThread();
        var answer = ask(Home);
        Step();
        return Ended(answer);
    }

    /// <summary>kill -9 and a new start on the same database.</summary>
    public void Restart(CellName cell, string past = "same")
    {
        _dispatcher.BindToCurrentThread();
        var runtime = _runtimes.Single(r => r.Name == cell);
        runtime.Crash();
        Ended(runtime.DisposeAsync().AsTask());
        _runtimes.Remove(runtime);
        if (_cells.Remove(cell, out var api))
        {
            api.Dispose();
            StartApi(cell, past);
        }
        else
        {
            StartFake(Fakes.Single(f => f.Name == cell));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var runtime in _runtimes)
        {
            runtime.Crash();
            await runtime.DisposeAsync();
        }
        foreach (var cell in _cells.Values)
            cell.Dispose();
        foreach (var database in _databases.Values)
            await database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private void StartApi(CellName name, string past = "same")
    {
        var home = name == Global
            ? new HomeOptions("http://127.0.0.1:1", Path.Combine(_directory, "keys"), Path.Combine(_directory, "images"))
            : null;
        IReadOnlyList<Neighbour> neighbours = name == Global
            ? [new(East, NeighbourKind.Child), new(West.Name, NeighbourKind.Child)]
            : [new(Global, NeighbourKind.Parent), new(A.Name, NeighbourKind.Child), new(B.Name, NeighbourKind.Child)];
        _cells[name] = ApiCell.Start(StartRuntime(name, home is null ? CellKind.Routing : CellKind.Api, neighbours, past), Options, home);
        Step();
    }

    private void StartFake(FakeComputeCell fake)
    {
        fake.Start(StartRuntime(fake.Name, CellKind.Compute, [new Neighbour(fake == West ? Global : East, NeighbourKind.Parent)], "same"));
        Step();
    }

    private CellRuntime StartRuntime(CellName name, CellKind kind, IReadOnlyList<Neighbour> neighbours, string past)
    {
        var faults = Gate.Percent;
        Gate.Percent = 0;
        var starting = CellRuntime.StartAsync(
            new CellRuntimeOptions
            {
                Name = name,
                Id = _ids.NewGuid(),
                Kind = kind,
                ConnectionString = _databases[name].ConnectionString,
                Migrations = [],
                Neighbours = neighbours,
                Transport = Transport,
                Keys = new DerivedLinkKeys(new byte[32]),
                Dispatcher = _dispatcher,
                Time = _time,
                Ids = _ids,
                Seed = _seed,
                Gate = Gate,
                DatabasePast = $"{name} {past}",
            },
            CancellationToken.None);
        Step();
        var runtime = Ended(starting);
        _runtimes.Add(runtime);
        Gate.Percent = faults;
        return runtime;
    }

    /// <summary>A committer that meets faults tries again for some seconds.</summary>
    private void Answered(Task task)
    {
        for (var i = 0; i < 100 && !task.IsCompleted; i++)
            Run(TimeSpan.FromMilliseconds(i == 0 ? 0 : 100));
    }

    private void Step() => Run(TimeSpan.Zero);

    /// <summary>The result of what must have completed by now; the database beside the cells is waited for.</summary>
    private static T Ended<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();

    private static void Ended(Task task) => task.WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
}
