using Cells.Contracts;

namespace Cells.Messaging.Links;

/// <summary>What the links read of the cell's database. Their writes are values for the committer (LinkWrites.cs).</summary>
internal interface ILinkStore
{
    Task<LinkRecord> ReadLinkAsync(CellName link, CancellationToken stop);

    /// <summary>Rows of the outbox above a number, rising, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<WorkItem>> ReadOutboxAsync(CellName link, long above, int limit, CancellationToken stop);

    /// <summary>The oldest parked message of a key; null when none is left.</summary>
    Task<ParkedMessage?> ReadOldestParkedAsync(CellName link, string orderKey, CancellationToken stop);

    /// <summary>All parked messages, by link, key, and age.</summary>
    Task<IReadOnlyList<ParkedMessage>> ReadParkedAsync(CancellationToken stop);
}

/// <param name="WorkGiven">Last work number given on the link; <paramref name="ChangeCounter"/> is the cell's.</param>
/// <param name="ParkedKeys">One entry per parked message: keys repeat.</param>
internal sealed record LinkRecord(LinkPast Past, string OwnPast, bool ResetOwed, long WorkGiven, long ChangeCounter, IReadOnlyList<string> ParkedKeys);

/// <summary>One message that waits for an operator.</summary>
/// <param name="Reason">Why it could not be handled, or behind which message of its key it stands.</param>
public sealed record ParkedMessage(
    CellName Link,
    long Incarnation,
    long Number,
    string OrderKey,
    string WireName,
    ReadOnlyMemory<byte> Body,
    string? TraceParent,
    string Reason,
    DateTimeOffset ParkedAt);
