using Cells.Chaos.Faults;
using Cells.Chaos.Invariants;
using Cells.Chaos.Stepping;
using Cells.Chaos.Workloads;
using Cells.Compute;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using Microsoft.Extensions.Logging;

namespace Cells.Chaos.Tree;

/// <summary>
/// One seed's world: a tree of cells, their simulated hosts, the bus between them, clients, and the faults. Everything in it happens on one
/// thread, in an order that the seed gives.
/// </summary>
internal sealed class ChaosWorld : IDisposable
{
    private const string Password = "chaos";

    private const int MembersOfPool = 3;

    // A step is some microseconds to a millisecond; a seed has about 100,000. More means that something goes round in circles.
    private const long MostSteps = 3_000_000;

    private readonly SortedDictionary<CellName, CellNode> _cells = [];
    private readonly OneLife _oneLife = new();
    private readonly StepFailures _failures = new();

    public ChaosWorld(WorldDatabases databases, ChaosOptions options, int seed)
    {
        (Databases, Options, Seed) = (databases, options, seed);
        Directory = Path.Combine(databases.Directory, $"world-{seed}");
        if (System.IO.Directory.Exists(Directory))
            System.IO.Directory.Delete(Directory, recursive: true);
        System.IO.Directory.CreateDirectory(Directory);

        LeaseDirectory = Seeds.Random(seed, "lease").Next(2) == 0 ? Seeds.Id(seed, "directory") : null;
        Log = new EventLog { Sink = options.EventSink };
        Loggers = _failures;
        Stepper = new Stepper(new SteppedDispatcher(new ManualTime()), Seeds.Random(seed, "steps"), Log);
        Faults = new FaultPlan(Seeds.Random(seed, "faults"), options.Faults, options.Rates, () => Clients!.InFlight);
        Transport = new SteppedTransport(Stepper, Faults, Seeds.Random(seed, "bus"));
        Keys = new DerivedLinkKeys(Seeds.Id(seed, "link keys").ToByteArray());
        Hypervisors = new SteppedHypervisors(Stepper, Faults, Log) { Changed = pool => _oneLife.Look(pool, instance => Clients!.IsGone(instance)) };
        AddCells();
        Clients = new Clients(this, Seeds.Random(seed, "clients"));
        Strikes = new Strikes(this, Seeds.Random(seed, "strikes"));
    }

    public WorldDatabases Databases { get; }

    public ChaosOptions Options { get; }

    public int Seed { get; }

    /// <summary>For key files; removed with the world.</summary>
    public string Directory { get; }

    /// <summary>With it a cell that comes back takes its lease at once; without, it waits until the former life's has run out. By a coin.</summary>
    public Guid? LeaseDirectory { get; }

    public EventLog Log { get; }

    public ILoggerFactory Loggers { get; }

    public Stepper Stepper { get; }

    public FaultPlan Faults { get; }

    public SteppedTransport Transport { get; }

    public ILinkKeys Keys { get; }

    public SteppedHypervisors Hypervisors { get; }

    public Clients Clients { get; }

    public Strikes Strikes { get; }

    public IReadOnlyCollection<CellNode> Cells => _cells.Values;

    public CellNode Global => _cells[CellName.Parse("global")];

    /// <summary>Violations seen so far, each once.</summary>
    public List<Violation> Violations { get; } = [];

    /// <summary>Runs the seed to its end: faults, healing, rest, checks.</summary>
    public void Run()
    {
        foreach (var cell in _cells.Values)
            cell.Start();
        Clients.Begin();
        if (Options.Faults)
            Strikes.Begin();
        RunUntil(() => Clients.HaveAskedEverything, TimeSpan.FromMinutes(10));

        if (Violations.Count > 0)
            return;
        Heal();
        var limit = Stepper.Time.Elapsed + Options.HealWithin;
        var rest = new Rest(this);
        RunUntil(() => rest.IsReached(), limit);
        if (Violations.Count > 0)
            return;
        foreach (var invariant in Invariant.AtTheEnd)
            Violations.AddRange(invariant.Check(rest.Picture()));
    }

    /// <summary>Instances that something outside of the product stopped: what was last asked of them need not be so any more.</summary>
    public SortedSet<string> Disturbed { get; } = new(StringComparer.Ordinal);

    /// <summary>Lets something end guests: a guest by itself, or all of a host.</summary>
    public void Disturb(SteppedHost host, SimFault fault)
    {
        foreach (var domain in host.Account.Domains.Where(domain => fault is not SimFault.GuestEnds one || one.VmUuid == domain.VmUuid))
            if (domain.OtherConfig.TryGetValue(Picture.InstanceKey, out var instance))
                Disturbed.Add(instance);
        Hypervisors.Inject(host, fault);
    }

    /// <summary>A client was told that a server is gone: so it must be, everywhere, from now on.</summary>
    public void LookForGhosts() => _oneLife.LookForGhosts(Hypervisors.Hosts, Clients.IsGone);

    public void Dispose()
    {
        foreach (var cell in _cells.Values.Where(cell => cell.Runs))
            cell.Crash();
        Log.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private void Heal()
    {
        Faults.Active = false;
        foreach (var pool in Hypervisors.Hosts.DistinctBy(host => host.Core))
            Hypervisors.Inject(pool, new SimFault.ClearAll());
        foreach (var cell in _cells.Values.Where(cell => !cell.Runs))
            cell.Start();
    }

    /// <summary>Steps until the condition holds (asked at each moment at which nothing is left to do) or simulated time is up.</summary>
    private void RunUntil(Func<bool> condition, TimeSpan limit)
    {
        while (Violations.Count == 0)
        {
            if (Stepper.Step())
            {
                if (_oneLife.Found is { } twice)
                    Violations.Add(twice);
                if (_failures.Found is { } failure)
                    Violations.Add(failure);
                if (Stepper.Steps > MostSteps)
                    throw new InvalidOperationException($"Seed {Seed}: {MostSteps} steps were not enough; something goes round in circles.");
                continue;
            }
            if (condition())
                return;
            if (Stepper.NextDue is not { } next)
                throw new InvalidOperationException(
                    $"Seed {Seed}: nothing is runnable and nothing is due, but the world is not done. Unanswered: {string.Join("; ", Hypervisors.Unanswered)}. "
                    + $"Clients wait for: {string.Join("; ", Clients.Waiting)}. Something awaits a task that the stepper does not know.");
            if (next > limit)
                return;
            Stepper.MoveTo(next);
        }
    }

    /// <summary>
    /// Three levels and two compute cells in every seed, and what is between them by a coin: one routing cell over both, which tries the second
    /// one itself, or one over each, so that the home tries again under a higher epoch.
    /// </summary>
    private void AddCells()
    {
        var branches = Seeds.Random(Seed, "tree").Next(2) == 0;
        Add("global", CellKind.Api, children: branches ? ["east", "west"] : ["east"]);
        Add("east", CellKind.Routing, parent: "global", children: branches ? ["east-1"] : ["east-1", "east-2"]);
        if (branches)
            Add("west", CellKind.Routing, parent: "global", children: ["east-2"]);
        foreach (var (name, parent) in new[] { ("east-1", "east"), ("east-2", branches ? "west" : "east") })
        {
            var cell = Add(name, CellKind.Compute, parent);
            // The first cell's first hosts are one pool over a repository that they share; all others stand alone.
            if (name == "east-1")
                AddPool(cell, [.. Enumerable.Range(1, Math.Min(MembersOfPool, Options.HostsPerCell))]);
            for (var host = name == "east-1" ? MembersOfPool + 1 : 1; host <= Options.HostsPerCell; host++)
                AddPool(cell, [host]);
        }
    }

    private CellNode Add(string name, CellKind kind, string? parent = null, params IReadOnlyList<string> children)
    {
        var neighbours = new List<Neighbour>();
        if (parent is not null)
            neighbours.Add(new Neighbour(CellName.Parse(parent), NeighbourKind.Parent));
        neighbours.AddRange(children.Select(child => new Neighbour(CellName.Parse(child), NeighbourKind.Child)));
        var cell = new CellNode(this, CellName.Parse(name), kind, neighbours);
        _cells.Add(cell.Name, cell);
        Databases.Empty(name);
        return cell;
    }

    private void AddPool(CellNode cell, IReadOnlyList<int> numbers)
    {
        var shape = new PoolShape
        {
            RootPassword = Password,
            SharedStorageBytes = numbers.Count > 1 ? numbers.Count * 400 * Units.Gib : 0,
            Hosts =
            [
                .. numbers.Select(number => new HostShape
                {
                    Name = $"{cell.Name}-h{number}",
                    Address = $"10.{(cell.Name.Value.EndsWith('1') ? 1 : 2)}.0.{number}",
                    PhysicalCpus = 8,
                    MemoryBytes = 9 * Units.Gib + 512 * Units.Mib,
                    // One member has a repository of its own: what is on it needs that host.
                    LocalStorageBytes = numbers.Count == 1 || number == 1 ? 400 * Units.Gib : 0,
                }),
            ],
        };
        var options = new XenSimOptions { Latency = s_latency, CoordinatorChangeTakes = TimeSpan.FromSeconds(2) };
        var members = Hypervisors.Add(cell.Name.Value, shape, options, Seeds.Number(Seed, shape.Hosts[0].Name));
        cell.Give(new HostLogin(members[0], new XenCredentials("root", Password)) { Members = [.. members.Skip(1)] });
    }

    // Quicker than real hosts, so that a seed is short; in the same order.
    private static readonly LatencyProfile s_latency = new LatencyProfile(new Dictionary<string, Latency>(StringComparer.Ordinal), Uniform(1, 5))
        .With("VM.start_on", Uniform(200, 1500)).With("VM.start", Uniform(200, 1500)).With("VM.hard_shutdown", Uniform(100, 600))
        .With("VDI.clone", Uniform(50, 400)).With("VDI.destroy", Uniform(50, 400)).With("VDI.create", Uniform(50, 400)).With("VM.create", Uniform(10, 50));

    private static Latency.Uniform Uniform(double from, double to) => new(TimeSpan.FromMilliseconds(from), TimeSpan.FromMilliseconds(to));
}
