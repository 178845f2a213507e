using System.Text.Json;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.IntegrationTests.Api.Tree;

/// <summary>What a fake compute cell does with a build.</summary>
internal enum Habit
{
    Place = 1,
    Refuse = 2,

    /// <summary>Takes it, and says nothing: neither answer nor row.</summary>
    KeepSilent = 3,
}

/// <summary>
/// Speaks the messages of a compute cell and keeps its promises: answers are durable and repeated, a delete of something unknown leaves a
/// tombstone. It has one host and no hypervisor. What it holds is a plain object, so it survives a crash of its runtime as a database would.
/// </summary>
internal sealed class FakeComputeCell(CellName name, CellName parent)
{
    public CellName Name { get; } = name;

    public HostId Host { get; } = new(SeededGuid($"host of {name}"));

    public Habit Habit { get; set; } = Habit.Place;

    public HostResources Free { get; set; } = new(1000, 1_000_000);

    /// <summary>Every work message that came, in order, repetitions included.</summary>
    public List<object> Received { get; } = [];

    /// <summary>The answer given to each epoch of each instance; null: taken and not answered.</summary>
    public Dictionary<(InstanceId, long Epoch), object?> Answers { get; } = [];

    /// <summary>Instances that run here.</summary>
    public Dictionary<InstanceId, (long Epoch, long Generation)> Holds { get; } = [];

    public CellRuntime? Runtime { get; private set; }

    public void Start(CellRuntime runtime)
    {
        Runtime = runtime;
        var router = runtime.System.ActorOf(Props.Create(() => new Router(this, runtime)), "router");
        runtime.Links.Attach(router, new FakeState(runtime.Database));
    }

    /// <summary>Says something by itself: a report, or a lie.</summary>
    public Task<CommitOutcome> SayAsync(params IWrite[] writes) => Runtime!.Committer.CommitAsync(new Change(writes));

    public SendWork Mail(object message, InstanceId about) => new(parent, about.ToString(), message, null);

    public FakeRow Row(InstanceId instance, ProjectId project, long epoch, long generation, VmState state, TaskState task, long working, long applied, bool released = false)
    {
        var row = new InstanceRow(instance, project, epoch, generation, Name, Host, $"host-{Name}", state, task,
            state == VmState.Active ? PowerState.Running : PowerState.NoState, working, applied, released, null, null, null, Runtime!.Time.GetUtcNow());
        return new FakeRow("instance", instance.Value, false, JsonSerializer.Serialize(row, WireJsonContext.Default.InstanceRow));
    }

    public FakeRow HostRow(CellName cell, HostId host, long generation, long? follows = null)
    {
        var row = new HostRow(host, cell, new PoolId(host.Value), $"host-{cell}", "192.0.2.1", generation, "up", 16, 65536, 0, 0, 0, 1L << 40, 0, Holds.Count, Runtime!.Time.GetUtcNow())
        {
            SettingNumber = follows,
        };
        return new FakeRow("host", host.Value, false, JsonSerializer.Serialize(row, WireJsonContext.Default.HostRow));
    }

    private IReadOnlyList<IWrite> Handle(object message)
    {
        Received.Add(message);
        switch (message)
        {
            case BuildInstance build:
                var key = (build.Instance, build.Epoch);
                if (!Answers.ContainsKey(key))
                    Answers[key] = Decide(build);
                return Answers[key] switch
                {
                    null => [],
                    InstancePlaced placed when Holds.TryGetValue(build.Instance, out var held) =>
                        [Row(build.Instance, build.Project, build.Epoch, held.Generation, VmState.Active, TaskState.None, 1, 1), Mail(placed, build.Instance)],
                    var answer => [Mail(answer!, build.Instance)],
                };
            case DeleteInstance delete:
                var generation = Holds.Remove(delete.Instance, out var was) ? was.Generation + 1 : 0;
                var gone = new InstanceDeleted(delete.Instance, delete.Epoch, delete.Intent, generation);
                Answers[(delete.Instance, delete.Epoch)] = gone;
                return generation == 0
                    ? [Mail(gone, delete.Instance)]
                    : [Row(delete.Instance, delete.Project, delete.Epoch, generation, VmState.Deleted, TaskState.None, delete.Intent, delete.Intent, released: true), Mail(gone, delete.Instance)];
            default:
                return [];
        }
    }

    private object? Decide(BuildInstance build)
    {
        switch (Habit)
        {
            case Habit.Place:
                Holds[build.Instance] = (build.Epoch, build.GenerationFloor + 1);
                return new InstancePlaced(build.Instance, build.Epoch, build.Intent, Name, Host, $"host-{Name}",
                    [new Explanation(Name, "host", $"host-{Name}", 1, [], [], [], null)]);
            case Habit.Refuse:
                return new PlacementFailed(build.Instance, build.Epoch, build.Intent, build.GenerationFloor + 3,
                    [new Refusal(Name, "build_failed", "VM.start_on failed on every host", null)]);
            default:
                return null;
        }
    }

    private CellNews News() => new(Name, CellKind.Compute,
        new CapacitySummary(long.MaxValue, [new HostGroup("any", "nova", [], [new FreeVector(Free.Vcpus, Free.MemoryMib, 1L << 50, 1)])], []),
        [new ReachedCell(Name, null, CellKind.Compute, 1, 1, Holds.Count, false)]);

    private static Guid SeededGuid(string text) => new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    private sealed class Router : ReceiveActor
    {
        private readonly FakeComputeCell _cell;
        private readonly CellRuntime _runtime;

        public Router(FakeComputeCell cell, CellRuntime runtime)
        {
            (_cell, _runtime) = (cell, runtime);
            Receive<WorkReceived>(OnWork);
            Receive<Done>(m => m.Links.Tell(new WorkDone(m.Work.Link, m.Work.Number)));
            Receive<Tick>(_ => runtime.Links.Send(new SendNews(runtime.Neighbours[0].Name, cell.News())));
            Receive<LinkReset>(_ => { });
            Receive<NeighbourChanged>(_ => { });
            Receive<NewsReceived>(_ => { });
        }

        protected override void PreStart()
        {
            Timers.StartPeriodicTimer("news", new Tick(), TimeSpan.FromSeconds(1));
            PipeToSelf(_cell.SayAsync(_cell.HostRow(_cell.Name, _cell.Host, 1)), _ => new Tick(), error => throw error);
        }

        private void OnWork(WorkReceived work)
        {
            var writes = _cell.Handle(work.Message);
            if (writes.Count == 0)
            {
                Sender.Tell(new WorkDone(work.Link, work.Number));
                return;
            }
            var links = Sender;
            PipeToSelf(
                _runtime.Committer.CommitAsync(new Change(writes)),
                outcome => outcome is CommitOutcome.Committed ? new Done(work, links) : throw new InvalidOperationException($"{_cell.Name}: {outcome}"),
                error => throw error);
        }

        private sealed record Tick;
        private sealed record Done(WorkReceived Work, IActorRef Links);
    }
}
