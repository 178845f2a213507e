using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Messaging.Links;

/// <summary>Where a neighbour stands, seen from this cell.</summary>
public enum NeighbourKind
{
    Parent = 1,
    Child = 2,
}

/// <summary>
/// To the cell's router: one work message, in order per key. The router answers the sender with <see cref="WorkDone"/> once every effect is
/// durable, or with <see cref="WorkFailed"/>. It may come again after a crash: effects are keyed.
/// </summary>
public sealed record WorkReceived(CellName Link, NeighbourKind From, long Number, string Key, object Message, string? TraceParent)
{
    /// <summary>Numbers begin anew with each incarnation of the neighbour: (link, incarnation, number) names a message for good.</summary>
    public long Incarnation { get; init; }
}

/// <summary>Back to the link: the effects of this message are committed, so its number may be acknowledged.</summary>
public sealed record WorkDone(CellName Link, long Number);

/// <summary>Back to the link: the message cannot be handled. It is parked with every later one of its key, for an operator.</summary>
public sealed record WorkFailed(CellName Link, long Number, string Reason);

/// <summary>
/// To the cell's router: rows of the neighbour above our watermark, newest values. The router commits their merge together with
/// <paramref name="Watermark"/> and then answers the sender with <see cref="StateDone"/>.
/// </summary>
/// <param name="From">The page covers change numbers in (From, To].</param>
public sealed record StateReceived(CellName Link, NeighbourKind Kind, long From, long To, IReadOnlyList<StateRow> Rows, IWrite Watermark);

public sealed record StateDone(CellName Link, long To);

/// <summary>One replicated row. <paramref name="Json"/> is a record of Cells.Contracts (kind "instance": InstanceRow, "host": HostRow).</summary>
/// <param name="Deleted">A tombstone: the row is gone at its owner; Json then holds its last value.</param>
public sealed record StateRow(string Kind, string Key, long ChangeNumber, bool Deleted, ReadOnlyMemory<byte> Json);

/// <summary>To the cell's router: the neighbour's latest news; older ones may be lost.</summary>
public sealed record NewsReceived(CellName Link, NeighbourKind Kind, object Message);

/// <summary>To the cell's router: a neighbour was heard again, or has been silent too long.</summary>
public sealed record NeighbourChanged(CellName Link, NeighbourKind Kind, NeighbourHealth Health);

public enum NeighbourHealth
{
    /// <summary>Heard within the last three heartbeats.</summary>
    Up = 1,

    /// <summary>Three heartbeats missed; asked directly.</summary>
    Suspect = 2,

    /// <summary>The probe failed too: it gets no new work, and its rows are shown with their age.</summary>
    Down = 3,
}

/// <summary>
/// To the cell's router: one of the two cells has lost a part of its past (its database was restored, or failed over with loss), and the
/// lane toward this neighbour begins anew. Every intent that is still open there is driven again: what was acknowledged before may be gone.
/// Commit <paramref name="Settled"/> together with that; until then it is told again at each start of the cell.
/// </summary>
public sealed record LinkReset(CellName Link, NeighbourKind Kind, IWrite Settled);

/// <summary>To the links: news for one neighbour. Not stored; replaces what was not sent yet.</summary>
public sealed record SendNews(CellName Link, object Message);

/// <summary>A work message as a write: its row in the outbox of one link, numbered densely at the commit of the change it belongs to.</summary>
/// <param name="OrderKey">Messages of one link with one key arrive in order: the instance's id, or what the message declares.</param>
public sealed record SendWork(CellName Link, string OrderKey, object Message, string? TraceParent) : IWrite
{
    public WriteKind Kind => OutboxWrites.Instance;
}

/// <summary>Where the state lane's pages come from. The owner of the replicated tables gives one.</summary>
public interface IStateSource
{
    /// <summary>
    /// Rows with change numbers above <paramref name="above"/>, rising, at most <paramref name="limit"/>, for this neighbour. The page covers (above,
    /// to]; to is the last row's number when the page is full, else the cell's change counter as read in the same snapshot.
    /// </summary>
    Task<StatePage> ReadPageAsync(CellName link, long above, int limit, CancellationToken stop);
}

public sealed record StatePage(long From, long To, IReadOnlyList<StateRow> Rows);
