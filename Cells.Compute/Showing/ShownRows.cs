using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Compute.Showing;

/// <summary>
/// What the cell wants to be seen of its fleet, and what is committed of it. A row is written when the two differ, one generation on; what could not be
/// written now is due again. A row that has no generation yet, or none any more, begins at the milliseconds of the clock: above all that a purged row of
/// its name had got, one generation a second at most, because the copies above keep its tombstone. Values and no effects: the placer commits.
/// </summary>
internal sealed class ShownRows
{
    private readonly SortedDictionary<(string Kind, string Key), Entry> _entries = [];

    /// <summary>What is shown now of one kind, by key.</summary>
    public IEnumerable<(string Key, IFleetRow Row)> Wanted(string kind) =>
        _entries.Where(e => e.Key.Kind == kind && e.Value.Wanted is not null).Select(e => (e.Key.Key, e.Value.Wanted!));

    public T? Find<T>(string kind, string key) where T : class, IFleetRow => _entries.GetValueOrDefault((kind, key))?.Wanted as T;

    /// <summary>Begins again from what the database says; what was wanted and is not written stays wanted.</summary>
    public void Load(IReadOnlyList<ShownRow> rows)
    {
        foreach (var row in rows)
        {
            var known = _entries.GetValueOrDefault((row.Kind, row.Key));
            _entries[(row.Kind, row.Key)] = known is null
                ? new Entry { Committed = row, Wanted = row.Gone ? null : row.Read() }
                : new Entry { Committed = row, Wanted = known.Wanted };
        }
    }

    public void Want(string kind, string key, IFleetRow row) =>
        (_entries.TryGetValue((kind, key), out var entry) ? entry : _entries[(kind, key)] = new Entry()).Wanted = row;

    public void WantGone(string kind, string key)
    {
        if (_entries.TryGetValue((kind, key), out var entry))
            entry.Wanted = null;
    }

    /// <summary>What must be written now. Each is not due again before <see cref="Ended"/> is told of it.</summary>
    public IReadOnlyList<ShownRow> TakeDue(DateTimeOffset now)
    {
        var due = new List<ShownRow>();
        foreach (var ((_, key), entry) in _entries.Where(e => !e.Value.IsUnderWay))
        {
            var next = (entry.Committed, entry.Wanted) switch
            {
                (null, null) => null,
                ({ Gone: true }, null) => null,
                ({ } last, null) => last with { Gone = true, Generation = last.Generation + 1, UpdatedAt = now },
                (var last, { } wanted) => ShownRow.Of(key, ShownRow.At(wanted, last is null ? now.ToUnixTimeMilliseconds() : last.Generation + 1), gone: false, now),
            };
            if (next is null || (entry.Committed is { Gone: false } same && !next.Gone && next with { Generation = same.Generation, Body = Same(next, same), UpdatedAt = same.UpdatedAt } == same))
                continue;
            entry.IsUnderWay = true;
            due.Add(next);
        }
        return due;
    }

    /// <summary>The write of a row that was due has ended.</summary>
    /// <returns>True when somebody else has written the row: it must be read back (<see cref="Load"/>).</returns>
    public bool Ended(ShownRow row, CommitOutcome outcome)
    {
        var entry = _entries[(row.Kind, row.Key)];
        entry.IsUnderWay = false;
        if (outcome is CommitOutcome.Committed)
            entry.Committed = row;
        return outcome is CommitOutcome.Missed;
    }

    /// <summary>Tombstones of that age; they are forgotten here, and may be purged.</summary>
    public IReadOnlyList<ShownRow> TakeBuried(DateTimeOffset before)
    {
        var buried = _entries.Values.Where(e => e is { IsUnderWay: false, Wanted: null, Committed.Gone: true } && e.Committed.UpdatedAt < before).Select(e => e.Committed!).ToList();
        foreach (var row in buried)
            _entries.Remove((row.Kind, row.Key));
        return buried;
    }

    /// <summary>The committed text when the two say the same but for the generation.</summary>
    private static string Same(ShownRow next, ShownRow last) =>
        last.Read() is { } row && ShownRow.Of(next.Key, ShownRow.At(row, next.Generation), false, next.UpdatedAt).Body == next.Body ? last.Body : next.Body;

    private sealed class Entry
    {
        public ShownRow? Committed { get; set; }

        /// <summary>Null: it is not there.</summary>
        public IFleetRow? Wanted { get; set; }

        public bool IsUnderWay { get; set; }
    }
}
