using Cells.Messaging.Links;

namespace Cells.Messaging.Storage;

/// <summary>A change that waits for its group, and whom to tell.</summary>
internal sealed class PendingChange
{
    /// <exception cref="ArgumentException">The change guards one row twice: its own first write would make its second miss.</exception>
    public PendingChange(Change change, Action<CommitOutcome> told)
    {
        (Change, Told) = (change, told);
        Rows = [.. change.Writes.Select(write => write.Kind.GuardedRow(write)).OfType<object>()];
        if (Rows.Count > 1 && Rows.Distinct().Count() < Rows.Count)
            throw new ArgumentException(
                $"The change ({Describe(change)}) guards the row {Rows.GroupBy(row => row).First(same => same.Count() > 1).Key} twice: make it one write.",
                nameof(change));
        Order = [.. Rows, .. change.Writes.OfType<SendWork>().Select(work => (object)(work.Link, work.OrderKey))];
    }

    public Change Change { get; }

    public Action<CommitOutcome> Told { get; }

    /// <summary>No two changes of a group guard an equal row.</summary>
    public IReadOnlyList<object> Rows { get; }

    /// <summary>What must not overtake an earlier change that waits: its rows, and the order keys of its messages.</summary>
    public IReadOnlyList<object> Order { get; }

    // Part of a stepped run's event log: kinds, not values.
    public override string ToString() => Describe(Change);

    private static string Describe(Change change) => string.Join(", ", change.Writes.Select(write => write.Kind.Name));
}
