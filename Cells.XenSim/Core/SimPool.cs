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
    private readonly List<SimHost> _hosts = [];

    public SimPool(PoolShape shape, XenSimOptions options, ulong seed, Database database, DateTimeOffset now)
    {
        if (shape.Hosts.Count == 0) throw new ArgumentException("a pool needs at least one host", nameof(shape));
        if (shape.Hosts.Select(h => h.Name).Distinct(StringComparer.Ordinal).Count() != shape.Hosts.Count)
            throw new ArgumentException("two hosts of one pool have the same name: requests are addressed by it", nameof(shape));
        if (shape.Hosts.Select(h => h.Address).Distinct(StringComparer.Ordinal).Count() != shape.Hosts.Count)
            throw new ArgumentException("two hosts of one pool have the same address: HOST_IS_SLAVE could not name the coordinator", nameof(shape));
        (Shape, Options, Database, Now) = (shape, options, database, now);
        Chance = new Random(unchecked((int)(seed ^ (seed >> 32))));
        Latency = options.Latency;
        Sessions = new SessionTable(this);
        Tasks = new TaskTable(this);
        Events = new EventQueue(this);
        Calls = new CallRunner(this);
        Door = new Dispatcher(this);
        Imports = new RawImports(this);
        Exports = new RawExports(this);
        Members = new Membership(this);
        if (!database.All("host").Any())
            Installation.Install(this);
        foreach (var record in database.All("host"))
            _hosts.Add(new SimHost(shape.Hosts.Single(h => h.Name == record.Text("hostname")), record));
        foreach (var host in _hosts) host.Follows = Coordinator;
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
    public RawExports Exports { get; }
    public FaultRules Faults { get; } = new();
    public LatencyProfile Latency { get; set; }
    public HashSet<string> FullSrs { get; } = new(StringComparer.Ordinal);

    /// <summary>VMs whose guests do nothing when they are asked to end.</summary>
    public HashSet<string> DeafGuests { get; } = new(StringComparer.Ordinal);
    public Membership Members { get; }

    /// <summary>The pool's members, in the order in which they joined.</summary>
    public IReadOnlyList<SimHost> Hosts => _hosts;

    /// <summary>The member that holds the database, whether it answers or not.</summary>
    public SimHost Coordinator => _hosts.First(h => h.Record.Ref == Record.Text("master"));
    public SimObject Record => Database.All("pool").First();

    /// <summary>The latest time handed in; it never goes back.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>The member of that name; null when the machine stands outside of the pool.</summary>
    public SimHost? Find(string name) => _hosts.Find(h => h.Name == name);

    public void Add(SimHost host) => _hosts.Add(host);

    public void Remove(SimHost host) => _hosts.Remove(host);

    /// <exception cref="ArgumentException">No member has that name.</exception>
    public SimHost Host(string name) => Find(name)
        ?? throw new ArgumentException($"no host named '{name}' in this pool; it has {string.Join(", ", Hosts.Select(h => h.Name))}", nameof(name));

    /// <summary>The machine of a host record; null when it has left the pool.</summary>
    public SimHost? HostOf(SimObject record) => _hosts.Find(h => h.Record == record);

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
