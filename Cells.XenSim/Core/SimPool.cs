using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.Events;
using Cells.XenSim.Core.Hosts;
using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Sessions;
using Cells.XenSim.Core.Storage;
using Cells.XenSim.Core.Tasks;
using Cells.XenSim.Faults;

namespace Cells.XenSim.Core;

/// <summary>One pool with everything that belongs to it: database, machines, clock, sessions, tasks, calls under way.</summary>
internal sealed class SimPool
{
    private readonly List<SimAnswer> _outbox = [];

    public SimPool(PoolShape shape, XenSimOptions options, ulong seed, Database database, DateTimeOffset now)
    {
        if (shape.Hosts.Count == 0) throw new ArgumentException("a pool needs at least one host", nameof(shape));
        if (shape.Hosts.Select(h => h.Name).Distinct(StringComparer.Ordinal).Count() != shape.Hosts.Count)
            throw new ArgumentException("two hosts of one pool have the same name: requests are addressed by it", nameof(shape));
        (Shape, Options, Database, Now) = (shape, options, database, now);
        Chance = new Random(unchecked((int)(seed ^ (seed >> 32))));
        Latency = options.Latency;
        Sessions = new SessionTable(this);
        Tasks = new TaskTable(this);
        Events = new EventQueue(this);
        Calls = new CallRunner(this);
        Door = new Dispatcher(this);
        Imports = new RawImports(this);
        Hosts = database.All("host").Any()
            ? [.. shape.Hosts.Select(h => new SimHost(h, database.All("host").Single(r => r.Text("hostname") == h.Name)))]
            : Installation.Install(this);
    }

    public PoolShape Shape { get; }
    public XenSimOptions Options { get; }
    public Database Database { get; }
    public Random Chance { get; }
    public Schedule Schedule { get; } = new();
    public SessionTable Sessions { get; }
    public TaskTable Tasks { get; }
    public EventQueue Events { get; }
    public CallRunner Calls { get; }
    public Dispatcher Door { get; }
    public RawImports Imports { get; }
    public FaultRules Faults { get; } = new();
    public LatencyProfile Latency { get; set; }
    public HashSet<string> FullSrs { get; } = new(StringComparer.Ordinal);
    public IReadOnlyList<SimHost> Hosts { get; }
    public SimHost Coordinator => Hosts[0];
    public SimObject Record => Database.All("pool").First();

    /// <summary>The latest time handed in; it never goes back.</summary>
    public DateTimeOffset Now { get; private set; }

    public SimHost Host(string name) => Hosts.FirstOrDefault(h => h.Name == name)
        ?? throw new ArgumentException($"no host named '{name}' in this pool; it has {string.Join(", ", Hosts.Select(h => h.Name))}", nameof(name));

    public SimHost HostOf(SimObject record) => Hosts.First(h => h.Record == record);

    public void Answer(SimAnswer answer) => _outbox.Add(answer);

    public Schedule.Entry After(TimeSpan delay, Action action) => Schedule.At(Now + delay, action);

    public void EnsureTask(Call call) => call.Task ??= Tasks.Start(call);

    /// <summary>Moves the clock and does everything that is due by then, in order of time.</summary>
    public void AdvanceTo(DateTimeOffset now)
    {
        while (Schedule.Next is { } due && due <= now)
        {
            if (due > Now) Now = due;
            Settle();
        }
        if (now > Now) Now = now;
    }

    /// <summary>Until nothing more is due at this instant: due work, calls that waited for an object, event polls.</summary>
    public void Settle()
    {
        do
        {
            while (Schedule.TakeDue(Now) is { } action) action();
            Calls.RetryWaiting();
            Events.WakeForChanges();
        }
        while (Schedule.Next is { } due && due <= Now);
    }

    public IReadOnlyList<SimAnswer> TakeAnswers()
    {
        if (_outbox.Count == 0) return [];
        var answers = _outbox.ToArray();
        _outbox.Clear();
        return answers;
    }
}
