using Cells.XenSim.Core;
using Cells.XenSim.Faults;
using Cells.XenSim.Fleet;

namespace Cells.XenSim.Http;

/// <summary>
/// One at a time into a core: the lock around it, the callers that wait, and the timer for what it does by itself.
/// What changed is in the journal before anybody is told.
/// </summary>
internal sealed class PoolGate : IDisposable
{
    private readonly Lock _lock = new();
    private readonly XenSimCore _core;
    private readonly PoolJournal? _journal;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Dictionary<long, TaskCompletionSource<SimAnswer>> _open = [];
    private long _lastId;
    private bool _disposed;

    public PoolGate(XenSimCore core, PoolJournal? journal, TimeProvider time)
    {
        (_core, _journal, _time) = (core, journal, time);
        _timer = time.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (_lock) Rearm();
    }

    public IReadOnlyList<SimHostInfo> Hosts
    {
        get { lock (_lock) return _core.Hosts; }
    }

    public long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>The answer, whenever it comes; a caller that goes away stops waiting, the host goes on.</summary>
    public async Task<SimAnswer> SendAsync(SimRequest request, CancellationToken cancellation)
    {
        var source = new TaskCompletionSource<SimAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _open[request.Id] = source;
            Deliver(_core.Handle(request, _time.GetUtcNow()));
        }
        if (source.Task.IsCompleted) return await source.Task;
        using var registration = cancellation.Register(() =>
        {
            lock (_lock) _open.Remove(request.Id);
            source.TrySetCanceled(cancellation);
        });
        return await source.Task;
    }

    public void Inject(SimFault fault)
    {
        lock (_lock) Deliver(_core.Inject(fault, _time.GetUtcNow()));
    }

    public HostAccount[] Account()
    {
        lock (_lock) return _core.Account();
    }

    /// <summary>The digests of what lies on the pool's disks.</summary>
    public IReadOnlyList<string> Contents()
    {
        lock (_lock) return [.. _core.Pool.Database.All("VDI").Select(v => v.Disk?.Sha256).OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            foreach (var (id, source) in _open) source.TrySetResult(SimAnswer.Lost(id));
            _open.Clear();
            _journal?.Dispose();
        }
        _timer.Dispose();
    }

    private void Tick()
    {
        lock (_lock)
        {
            if (!_disposed) Deliver(_core.Advance(_time.GetUtcNow()));
        }
    }

    private void Deliver(IReadOnlyList<SimAnswer> answers)
    {
        _journal?.Commit();
        foreach (var answer in answers)
            if (_open.Remove(answer.RequestId, out var source)) source.TrySetResult(answer);
        Rearm();
    }

    // A timer may fire a moment early; a millisecond more keeps it from spinning.
    private void Rearm()
    {
        var wait = _core.NextDue - _time.GetUtcNow();
        _timer.Change(wait is null ? Timeout.InfiniteTimeSpan : wait.Value <= TimeSpan.Zero ? TimeSpan.Zero : wait.Value + TimeSpan.FromMilliseconds(1),
            Timeout.InfiniteTimeSpan);
    }
}
