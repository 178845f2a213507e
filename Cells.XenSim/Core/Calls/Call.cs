using Cells.XenSim.Core.Objects;
using Cells.XenSim.Core.Wire;
using Cells.XenSim.Faults;

namespace Cells.XenSim.Core.Calls;

/// <summary>One call on its way: what was asked, which objects it has taken, and what undoes it.</summary>
internal sealed class Call(SimPool pool, SimHost host, long requestId, Envelope envelope, Method method, bool isAsync)
{
    private readonly List<(SimObject Object, string Key)> _held = [];
    private readonly List<Action> _undo = [];
    private readonly List<SimHost> _at = [];

    public SimPool Pool { get; } = pool;
    public SimHost Host { get; } = host;
    public long RequestId { get; } = requestId;
    public Envelope Envelope { get; } = envelope;
    public Method Method { get; } = method;
    public bool IsAsync { get; } = isAsync;
    public object?[] Args { get; set; } = [];

    /// <summary>Null only for the calls that need no session.</summary>
    public SimObject? Session { get; set; }

    /// <summary>The call's task; made when it is asynchronous or its work takes time.</summary>
    public SimObject? Task { get; set; }

    /// <summary>How long the work takes; drawn once per call.</summary>
    public TimeSpan Latency { get; set; }
    public FaultRule? Fate { get; set; }

    /// <summary>Set when the call was answered or cancelled: whatever is still scheduled for it does nothing.</summary>
    public bool Over { get; set; }

    /// <summary>Its connection broke while it goes on: nobody waits for the answer.</summary>
    public bool Unheard { get; set; }

    /// <summary>The object this call waits for, when it met one that was busy.</summary>
    public string? WaitsFor { get; set; }

    /// <summary>When the server gives up waiting; set at the first wait.</summary>
    public Schedule.Entry? WaitLimit { get; set; }

    /// <summary>The continuation the clock will run; a toolstack restart may run it early or never.</summary>
    public Func<Step>? Pending { get; set; }

    public DateTimeOffset Now => Pool.Now;
    public Database Database => Pool.Database;
    public IReadOnlyList<(SimObject Object, string Key)> Held => _held;

    public string Text(int index) => (string)Args[index]!;
    public long Int(int index) => (long)Args[index]!;
    public bool Flag(int index) => (bool)Args[index]!;
    public StringMap Map(int index) => (StringMap)Args[index]!;
    public RecordArg Record(int index) => (RecordArg)Args[index]!;

    /// <summary>The object that the parameter names, by default the first one.</summary>
    public SimObject Target(string className, int index = 0) => Database.Get(className, Text(index));

    /// <summary>
    /// Marks the object as in use by this call in its current_operations until the call ends. Work that takes no time
    /// ends before anybody could see the mark, so none is made.
    /// </summary>
    public void Hold(SimObject target, string operation)
    {
        if (Latency <= TimeSpan.Zero) return;
        Pool.EnsureTask(this);
        var operations = target.Map("current_operations");
        var key = Task!.Ref;
        target.Put("current_operations", operations.With(key, operation));
        _held.Add((target, key));
        AllowedOperations.Refresh(Pool, target);
    }

    /// <summary>The coordinator has the work done by this host: when it falls silent meanwhile, the call fails.</summary>
    /// <exception cref="XapiFailure">It is silent already: CANNOT_CONTACT_HOST [host], or HOST_OFFLINE [host] once it counts as dead.</exception>
    public void Forward(SimObject host)
    {
        if (Pool.HostOf(host) is not { } machine || machine == Pool.Coordinator) return;
        if (!machine.Answers || Pool.Members.IsInEmergency(machine)) throw XapiFailure.OutOfReach(Database, host);
        _at.Add(machine);
    }

    public bool IsAt(SimHost host) => _at.Contains(host);

    /// <summary>Registers what takes back an effect when the call is cancelled or its host dies before the work is done.</summary>
    public void OnAbort(Action undo) => _undo.Add(undo);

    /// <summary>Lets the latency pass, then has the effect.</summary>
    public Step Work(Func<object?> effect)
    {
        var failsHalfway = Fate is { Kind: FaultKind.FailHalfway };
        if (Latency <= TimeSpan.Zero && !failsHalfway) return Step.Of(effect());
        Pool.EnsureTask(this);
        return failsHalfway
            ? new Step.After(Latency / 2, () => throw new XapiFailure(Fate!.Code, Fate.Parameters))
            : new Step.After(Latency, () => Step.Of(effect()));
    }

    /// <param name="keep">An object that stays held: the call goes on with it.</param>
    public void Release(bool undo, SimObject? keep = null)
    {
        if (undo)
            for (var i = _undo.Count - 1; i >= 0; i--) _undo[i]();
        foreach (var (target, key) in _held)
        {
            if (target.Deleted || target == keep) continue;
            target.Put("current_operations", target.Map("current_operations").Without(key));
            AllowedOperations.Refresh(Pool, target);
        }
        _held.RemoveAll(h => h.Object != keep);
        _undo.Clear();
    }
}
