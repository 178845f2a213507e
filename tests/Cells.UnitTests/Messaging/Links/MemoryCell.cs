using System.Text;
using Cells.Contracts;
using Cells.Contracts.Wire;
using Cells.Messaging.Actors;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.UnitTests.Messaging.Links;

/// <summary>
/// A cell's database in memory: what survives a crash. Reads and commits wait until the world performs them, one whole one at a time.
/// </summary>
internal sealed class MemoryCell : ILinkStore, ICommitter, IStateSource
{
    private readonly SortedDictionary<CellName, LinkRow> _links = [];
    private readonly SortedDictionary<(CellName Link, long Incarnation, long Number), ParkedMessage> _parked = [];
    private readonly List<IActorRef> _subscribers = [];
    private readonly List<(string What, Action<bool> Perform)> _pending = [];
    private long _changes;

    /// <summary>Keyed effects of work: per key the last intent applied. An intent that skips one means a loss or a wrong order.</summary>
    public SortedDictionary<string, long> Applied { get; } = new(StringComparer.Ordinal);

    public List<string> Violations { get; } = [];

    /// <summary>Rows of our own, which the state lane sends up.</summary>
    public SortedDictionary<string, (long Change, string Value)> Rows { get; } = new(StringComparer.Ordinal);

    /// <summary>Copies of the neighbours' rows.</summary>
    public SortedDictionary<string, (long Change, string Value)> Copies { get; } = new(StringComparer.Ordinal);

    /// <summary>The owner's change that settles a reset does not come to pass.</summary>
    public bool RefuseSettling { get; set; }

    public int PendingCount => _pending.Count;

    public LinkRow Link(CellName name) => _links[name];

    public IReadOnlyCollection<ParkedMessage> Parked => _parked.Values;

    public long Changes => _changes;

    public void AddLink(CellName neighbour, long incarnation, string past) => _links.Add(neighbour, new LinkRow { Out = incarnation, OwnPast = past });

    /// <summary>A row that another version of this cell wrote.</summary>
    public void AddOutboxRow(CellName link, WorkItem item)
    {
        var row = _links[link];
        row.Given++;
        row.Outbox.Add(row.Given, item with { Number = row.Given });
    }

    public void Subscribe(IActorRef actor) => _subscribers.Add(actor);

    /// <summary>The process died: nobody waits for an answer any more. What was handed in and not performed never happens.</summary>
    public void Crash()
    {
        _pending.Clear();
        _subscribers.Clear();
    }

    public void Perform(int index, bool lostAnswer = false)
    {
        var (_, perform) = _pending[index];
        _pending.RemoveAt(index);
        perform(lostAnswer);
    }

    /// <summary>A copy as a backup takes it.</summary>
    public MemoryCell Backup()
    {
        var copy = new MemoryCell { _changes = _changes };
        foreach (var (name, row) in _links)
            copy._links.Add(name, row.Copy());
        foreach (var (key, last) in Applied)
            copy.Applied.Add(key, last);
        foreach (var (key, row) in Rows)
            copy.Rows.Add(key, row);
        foreach (var (key, row) in Copies)
            copy.Copies.Add(key, row);
        return copy;
    }

    public Task<LinkRecord> ReadLinkAsync(CellName link, CancellationToken stop) => Do("read link", () =>
    {
        var row = _links[link];
        return new LinkRecord(
            new LinkPast(row.Out, row.Acked, row.In, row.WorkIn, row.StateIn, row.MetPastOut, row.MetPastIn),
            row.OwnPast,
            row.ResetOwed,
            row.Given,
            _changes,
            [.. _parked.Values.Where(parked => parked.Link == link).Select(parked => parked.OrderKey).Order(StringComparer.Ordinal)]);
    });

    public Task<IReadOnlyList<WorkItem>> ReadOutboxAsync(CellName link, long above, int limit, CancellationToken stop) =>
        Do<IReadOnlyList<WorkItem>>("read outbox", () => [.. _links[link].Outbox.Where(row => row.Key > above).Take(limit).Select(row => row.Value)]);

    public Task<ParkedMessage?> ReadOldestParkedAsync(CellName link, string orderKey, CancellationToken stop) =>
        Do("read oldest parked", () => _parked.Values.FirstOrDefault(parked => parked.Link == link && parked.OrderKey == orderKey));

    public Task<IReadOnlyList<ParkedMessage>> ReadParkedAsync(CancellationToken stop) =>
        Do<IReadOnlyList<ParkedMessage>>("read parked", () => [.. _parked.Values]);

    public Task<StatePage> ReadPageAsync(CellName link, long above, int limit, CancellationToken stop) => Do("read page", () =>
    {
        var rows = Rows.Where(row => row.Value.Change > above).OrderBy(row => row.Value.Change).Take(limit)
            .Select(row => new StateRow("row", row.Key, row.Value.Change, false, Encoding.UTF8.GetBytes(row.Value.Value)))
            .ToList();
        return new StatePage(above, rows.Count == limit ? rows[^1].ChangeNumber : _changes, rows);
    });

    public Task<CommitOutcome> CommitAsync(Change change) => Do<CommitOutcome>(string.Join(" + ", change.Writes), () => Apply(change));

    public void Commit(Change change, Action<CommitOutcome> told) => _pending.Add((string.Join(" + ", change.Writes), lostAnswer =>
    {
        var outcome = Apply(change);
        if (!lostAnswer)
            told(outcome);
    }));

    /// <summary>Performs at once, for what the world itself writes.</summary>
    public void CommitNow(params IWrite[] writes) => Apply(new Change(writes));

    private CommitOutcome.Committed Apply(Change change)
    {
        var numbers = new List<long>();
        var works = new List<CommittedWork>();
        var changesBefore = _changes;
        foreach (var write in change.Writes.OrderBy(write => write.Kind.Order))
            Apply(write, numbers, works);
        var group = new GroupCommitted(works, _changes > changesBefore ? _changes : null);
        foreach (var subscriber in _subscribers)
            subscriber.Tell(group, null);
        return new CommitOutcome.Committed(numbers);
    }

    private void Apply(IWrite write, List<long> numbers, List<CommittedWork> works)
    {
        switch (write)
        {
            case SendWork work:
                var row = _links[work.Link];
                row.Given++;
                row.Outbox.Add(row.Given, new WorkItem(
                    row.Given, work.OrderKey, WireMessages.NameOf(work.Message), WireMessages.ToBytes(work.Message), work.TraceParent));
                numbers.Add(row.Given);
                works.Add(new CommittedWork(work.Link, row.Given, work));
                break;
            case BeginIncarnation begin when _links[begin.Link].Out < begin.Incarnation:
                _links[begin.Link].Begin(begin);
                break;
            case AdoptIncarnation adopt when _links[adopt.Link].In < adopt.Incarnation:
                _links[adopt.Link].Adopt(adopt);
                break;
            case AdvanceWorkWatermark advance when _links[advance.Link] is var link && link.In == advance.Incarnation:
                link.WorkIn = Math.Max(link.WorkIn, advance.To);
                break;
            case AdvanceStateWatermark advance when _links[advance.Link] is var link && link.In == advance.Incarnation:
                link.StateIn = Math.Max(link.StateIn, advance.To);
                break;
            case AcknowledgeWork acknowledge when _links[acknowledge.Link] is var link && link.Out == acknowledge.Incarnation:
                link.Acknowledge(acknowledge.To);
                break;
            case SettleReset settle when !RefuseSettling && _links[settle.Link] is var link && link.Out == settle.Incarnation:
                link.ResetOwed = false;
                break;
            case ParkMessage park:
                _parked.TryAdd((park.Link, park.Incarnation, park.Item.Number), new ParkedMessage(
                    park.Link, park.Incarnation, park.Item.Number, park.Item.OrderKey, park.Item.WireName, park.Item.Body, park.Item.TraceParent, park.Reason, park.At));
                break;
            case UnparkMessage unpark:
                _parked.Remove((unpark.Link, unpark.Incarnation, unpark.Number));
                break;
            case NoteParkedReason note when _parked.TryGetValue((note.Link, note.Incarnation, note.Number), out var parked):
                _parked[(note.Link, note.Incarnation, note.Number)] = parked with { Reason = note.Reason };
                break;
            case TakeEffect effect:
                var last = Applied.GetValueOrDefault(effect.Key);
                if (effect.Intent > last + 1)
                    Violations.Add($"{effect.Key}: intent {effect.Intent} came after {last}");
                Applied[effect.Key] = Math.Max(last, effect.Intent);
                break;
            case ChangeRow changed:
                Rows[changed.Key] = (++_changes, changed.Value);
                break;
            case MergeRow merge:
                if (merge.Change > Copies.GetValueOrDefault(merge.Key).Change || merge.Restarted)
                    Copies[merge.Key] = (merge.Change, merge.Value);
                break;
        }
    }

    private Task<T> Do<T>(string what, Func<T> work)
    {
        var completion = new TaskCompletionSource<T>();
        _pending.Add((what, lostAnswer =>
        {
            var result = work();
            if (!lostAnswer)
                completion.SetResult(result);
        }));
        return completion.Task;
    }

    internal sealed class LinkRow
    {
        public long Out { get; set; }
        public string OwnPast { get; set; } = "";
        public string? MetPastOut { get; set; }
        public bool ResetOwed { get; set; }
        public long Given { get; set; }
        public long Acked { get; set; }
        public SortedDictionary<long, WorkItem> Outbox { get; private init; } = [];
        public long In { get; set; }
        public long WorkIn { get; set; }
        public long StateIn { get; set; }
        public string? MetPastIn { get; set; }

        public void Begin(BeginIncarnation begin)
        {
            var left = Outbox.Values.ToList();
            Outbox.Clear();
            for (var i = 0; i < left.Count; i++)
                Outbox.Add(i + 1, left[i] with { Number = i + 1 });
            (Out, OwnPast, MetPastOut, ResetOwed, Given, Acked) = (begin.Incarnation, begin.OwnPast, begin.MetPast, true, left.Count, 0);
        }

        public void Adopt(AdoptIncarnation adopt) =>
            (In, WorkIn, StateIn, MetPastIn, MetPastOut) = (adopt.Incarnation, 0, 0, adopt.MetPast, MetPastOut ?? adopt.MetPast);

        public void Acknowledge(long to)
        {
            Acked = Math.Max(Acked, to);
            foreach (var number in Outbox.Keys.Where(number => number <= Acked).ToList())
                Outbox.Remove(number);
        }

        public LinkRow Copy() => new()
        {
            Out = Out, OwnPast = OwnPast, MetPastOut = MetPastOut, ResetOwed = ResetOwed, Given = Given, Acked = Acked,
            Outbox = new SortedDictionary<long, WorkItem>(Outbox), In = In, WorkIn = WorkIn, StateIn = StateIn, MetPastIn = MetPastIn,
        };
    }
}

/// <summary>A keyed effect of a work message, as the router commits it.</summary>
internal sealed record TakeEffect(string Key, long Intent) : IWrite
{
    public WriteKind Kind => TestWrites.Instance;
}

internal sealed record ChangeRow(string Key, string Value) : IWrite
{
    public WriteKind Kind => TestWrites.Instance;
}

internal sealed record MergeRow(string Key, long Change, string Value, bool Restarted) : IWrite
{
    public WriteKind Kind => TestWrites.Instance;
}

/// <summary>The kind of writes that only the memory database performs.</summary>
internal sealed class TestWrites : WriteKind
{
    public static readonly TestWrites Instance = new();

    private TestWrites() : base("test", 100) { }

    public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber) =>
        throw new NotSupportedException("These writes live in memory.");
}
