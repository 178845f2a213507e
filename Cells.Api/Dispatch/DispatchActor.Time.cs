using Cells.Contracts;

namespace Cells.Api.Dispatch;

/// <summary>What happens by itself: news go up, the store is asked what is due, and rows that wait for a child are tried again.</summary>
internal sealed partial class DispatchActor
{
    private const int MostDueAtOnce = 500;

    private readonly SortedSet<Guid> _waiting = [];
    private bool _readingDue;

    private void ReceiveTime()
    {
        Receive<NewsDue>(_ => SendNews());
        Receive<DeadlinesDue>(_ => ReadDue());
        Receive<DueRead>(OnDueRead);
        Receive<DueUnread>(m =>
        {
            _readingDue = false;                       // asked again at the next turn
            DispatchTelemetry.ReadDelayed(_parts.Log, _parts.Cell, "dispatches past their deadline", m.Error.Message, _parts.Options.DeadlinesEvery);
        });
        Receive<WaitingElsewhere>(OnWaitingElsewhere);
        Receive<ReadWaiting>(_ => StartReadingWaiting());
        Receive<WaitingRead>(m =>
        {
            _waiting.UnionWith(m.Instances.Select(i => i.Value));
            TryWaiting();
        });
        Receive<WaitingUnread>(m =>
        {
            DispatchTelemetry.ReadDelayed(_parts.Log, _parts.Cell, "dispatches that wait", m.Error.Message, _parts.Options.RetryAfter);
            Timers.StartSingleTimer("waiting", new ReadWaiting(), _parts.Options.RetryAfter);
        });
    }

    protected override void PreStart()
    {
        if (!_parts.Leads)
            return;
        Timers.StartPeriodicTimer("news", new NewsDue(), _parts.Options.NewsEvery);
        Timers.StartPeriodicTimer("deadlines", new DeadlinesDue(), _parts.Options.DeadlinesEvery);
        StartReadingWaiting();
        StartReadingSent();
    }

    private void StartReadingWaiting() => PipeToSelf(
        _store.ReadWaitingAsync(Stopping), instances => new WaitingRead(instances), error => new WaitingUnread(error));

    private void TryWaiting()
    {
        foreach (var instance in _waiting.ToList())
            Enqueue(new Job(new DispatchEvent.Heard(new InstanceId(instance)), TraceParent: null, Reply: null));
    }

    /// <summary>Builds that the door of another process has taken.</summary>
    private void OnWaitingElsewhere(WaitingElsewhere m)
    {
        foreach (var instance in m.Instances.Where(i => _waiting.Add(i.Value)))
            Enqueue(new Job(new DispatchEvent.Heard(instance), TraceParent: null, Reply: null));
    }

    private void ReadDue()
    {
        if (_readingDue)
            return;
        _readingDue = true;
        PipeToSelf(
            _store.ReadDueAsync(_parts.Time.GetUtcNow(), MostDueAtOnce, Stopping), due => new DueRead(due), error => new DueUnread(error));
    }

    private void OnDueRead(DueRead read)
    {
        _readingDue = false;
        foreach (var due in read.Due)
            Enqueue(new Job(due, TraceParent: null, Reply: null));
    }

    /// <summary>From <see cref="DoorWatch"/>: everything that waits for a child now.</summary>
    internal sealed record WaitingElsewhere(IReadOnlyList<InstanceId> Instances);

    private sealed record NewsDue;
    private sealed record DeadlinesDue;
    private sealed record DueRead(IReadOnlyList<DispatchEvent.Due> Due);
    private sealed record DueUnread(Exception Error);
    private sealed record ReadWaiting;
    private sealed record WaitingRead(IReadOnlyList<InstanceId> Instances);
    private sealed record WaitingUnread(Exception Error);
}
