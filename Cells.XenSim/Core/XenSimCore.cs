using Cells.XenSim.Core.Objects;
using Cells.XenSim.Faults;

namespace Cells.XenSim.Core;

/// <summary>
/// A simulated XenAPI pool as a synchronous state machine: it has no threads, no sockets and no clock. Whoever drives
/// it hands in requests and the time, and gets the answers that are due. Not safe for concurrent use.
/// </summary>
/// <remarks>The same seed, requests and times give the same answers, byte for byte.</remarks>
public sealed class XenSimCore
{
    private readonly SimPool _pool;

    /// <param name="now">The hosts' boot time.</param>
    public XenSimCore(PoolShape shape, XenSimOptions options, ulong seed, DateTimeOffset now)
        : this(new SimPool(shape, options, seed, new Database(new IdSequence(seed)), now)) { }

    internal XenSimCore(SimPool pool) => _pool = pool;

    /// <summary>When this pool does something by itself: call <see cref="Advance"/> then. Null: nothing is planned.</summary>
    public DateTimeOffset? NextDue => _pool.Schedule.Next;

    /// <summary>In the order of the shape; a machine that is no member has no uuid and answers nothing.</summary>
    public IReadOnlyList<SimHostInfo> Hosts => [.. _pool.Shape.Hosts.Select(shape => _pool.Find(shape.Name) is { } host
        ? new SimHostInfo(host.Name, host.Record.Uuid, host.Shape.Address, host.Powered, host.Answers, host == _pool.Coordinator)
        : new SimHostInfo(shape.Name, "", shape.Address, Powered: true, Answers: false, IsCoordinator: false))];

    internal SimPool Pool => _pool;

    /// <summary>
    /// Takes a request and returns all answers now due, perhaps none to this request and some to earlier ones (a long
    /// poll is answered when something changes).
    /// </summary>
    public IReadOnlyList<SimAnswer> Handle(SimRequest request, DateTimeOffset now)
    {
        _pool.AdvanceTo(now);
        switch (request)
        {
            case SimCall call: _pool.Door.Receive(call); break;
            case SimPutHead head: _pool.Imports.Receive(head); break;
            case SimPutBody body: _pool.Imports.Receive(body); break;
            case SimGetHead head: _pool.Exports.Receive(head); break;
            case SimGetEnd end: _pool.Exports.Receive(end); break;
            default: throw new ArgumentException($"unknown kind of request {request.GetType().Name}", nameof(request));
        }
        _pool.Settle();
        return _pool.TakeAnswers();
    }

    /// <summary>Lets time pass and returns the answers that fell due.</summary>
    public IReadOnlyList<SimAnswer> Advance(DateTimeOffset now)
    {
        _pool.AdvanceTo(now);
        _pool.Settle();
        return _pool.TakeAnswers();
    }

    /// <summary>Makes something go wrong, or right again; see <see cref="SimFault"/>. Not part of XenAPI.</summary>
    public IReadOnlyList<SimAnswer> Inject(SimFault fault, DateTimeOffset now)
    {
        _pool.AdvanceTo(now);
        FaultInjector.Apply(_pool, fault);
        _pool.Settle();
        return _pool.TakeAnswers();
    }

    /// <summary>What really runs and lies here, whatever any client believes. Not part of XenAPI.</summary>
    public HostAccount[] Account() => Accounting.Of(_pool);
}

/// <summary>A simulated host as its operator sees it.</summary>
/// <param name="Uuid">Empty while it is no member of its pool.</param>
/// <param name="Answers">False while powered off, cut off, or while its toolstack restarts.</param>
public sealed record SimHostInfo(string Name, string Uuid, string Address, bool Powered, bool Answers, bool IsCoordinator);
