using Cells.Api;
using Cells.Chaos.Stepping;
using Cells.Compute;
using Cells.Compute.Pools;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging;
using Cells.Messaging.Links;

namespace Cells.Chaos.Tree;

/// <summary>One cell of the world through all its lives: its database stays, its process comes and goes.</summary>
internal sealed class CellNode(ChaosWorld world, CellName name, CellKind kind, IReadOnlyList<Neighbour> neighbours)
{
    private readonly List<HostLogin> _hosts = [];
    private CellRuntime? _runtime;
    private ApiCell? _api;
    private int _lives;

    public CellName Name => name;

    public CellKind Kind => kind;

    /// <summary>Null at the top.</summary>
    public CellName? Parent { get; } = neighbours.FirstOrDefault(neighbour => neighbour.Kind == NeighbourKind.Parent)?.Name;

    public bool Runs => _runtime is not null;

    /// <summary>Null while the cell is down.</summary>
    public ApiCell? Api => _api;

    /// <summary>Null while the cell is down.</summary>
    public CellRuntime? Runtime => _runtime;

    public void Give(HostLogin host) => _hosts.Add(host);

    public void Start()
    {
        if (_runtime is not null)
            throw new InvalidOperationException($"Cell {name} runs already.");
        var ids = new SeededIds(Seeds.Random(world.Seed, $"ids of {name}, life {++_lives}"));
        // A gate of its own for each life: what is left of a former one cannot reach the database through it.
        var gate = new SteppedGate(name.Value, world.Stepper, world.Log, world.Faults, Seeds.Random(world.Seed, $"database of {name}, life {_lives}"), () => world.Strikes.MayDieAtCommit(this)) { Inline = true };
        _runtime = Now("its runtime's start", CellRuntime.StartAsync(
            new CellRuntimeOptions
            {
                Name = name,
                Id = Seeds.Id(world.Seed, $"cell {name}"),
                Kind = kind,
                ConnectionString = world.Databases.ConnectionString(name.Value),
                Migrations = [],
                Neighbours = neighbours,
                Transport = world.Transport,
                Keys = world.Keys,
                Dispatcher = world.Stepper.Dispatcher,
                Time = world.Stepper.Time,
                Ids = ids,
                Seed = world.Seed + (1000 * _lives),
                Gate = gate,
                DatabasePast = $"{name}/1",
                Loggers = world.Loggers,
                LinkHooks = new LinkHooks(world.Options.Bug == PlantedBug.AcknowledgeBeforeCommit),
            },
            CancellationToken.None));
        if (kind == CellKind.Compute)
            StartCompute(_runtime, ids);
        else
            StartApi(_runtime);
        gate.Inline = false;
    }

    /// <summary>What kill -9 does. Connections are closed as the system would: a commit that was sent has been drawn to have happened or not.</summary>
    public void Crash()
    {
        if (_runtime is not { } runtime)
            throw new InvalidOperationException($"Cell {name} is down already.");
        (_runtime, var api, _api) = (null, _api, null);
        runtime.Crash();
        world.Stepper.Forget(name.Value);
        world.Hypervisors.Forget(name.Value);
        api?.Dispose();
        Now("the closing of its connections", runtime.DisposeAsync().AsTask());
    }

    private void StartApi(CellRuntime runtime)
    {
        var home = kind == CellKind.Api
            ? new HomeOptions("http://chaos", Path.Combine(world.Directory, "keys"), Path.Combine(world.Directory, "images"))
            : null;
        _api = ApiCell.Start(runtime, new ApiOptions
        {
            SkipTombstones = world.Options.Bug == PlantedBug.TombstoneSkipped,
            DropEpochCheck = world.Options.Bug == PlantedBug.EpochCheckDropped,
        }, home);
    }

    private void StartCompute(CellRuntime runtime, IIdSource ids)
    {
        var key = new byte[32];
        Seeds.Random(world.Seed, $"vault of {name}").NextBytes(key);
        var hooks = new ComputeHooks(
            DropEpochCheck: world.Options.Bug == PlantedBug.EpochCheckDropped,
            SkipTombstone: world.Options.Bug == PlantedBug.TombstoneSkipped,
            RepeatActions: world.Options.Bug == PlantedBug.ActionsRepeated);
        ComputeCell.Start(
            runtime,
            new ComputeOptions { Hosts = _hosts, Sessions = new SessionVault(key, ids), Directory = world.LeaseDirectory, GuestPatience = TimeSpan.FromSeconds(8) },
            world.Hypervisors.WiresOf(name.Value), new SteppedImages(), new SteppedImages(), hooks);
    }

    /// <summary>What is under way is done inline, or it is a bug: something in it waits for what no stepper knows.</summary>
    private T Now<T>(string what, Task<T> task)
    {
        RequireOver(what, task);
        return task.GetAwaiter().GetResult();
    }

    private void Now(string what, Task task)
    {
        // Closing sockets may take Npgsql to another thread; nothing of the world depends on it.
        task.GetAwaiter().GetResult();
        RequireOver(what, task);
    }

    private void RequireOver(string what, Task task)
    {
        if (!task.IsCompleted)
            throw new InvalidOperationException($"Cell {name}: {what} waits for something that the stepper does not know.");
    }
}
