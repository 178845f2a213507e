using System.Text;
using Cells.Contracts.Wire;

namespace Cells.Messaging.Links;

/// <summary>One row of the work lane, as it stands in an outbox, travels and is parked. The message stays bytes until it is given to the router.</summary>
internal sealed record WorkItem(long Number, string OrderKey, string WireName, ReadOnlyMemory<byte> Body, string? TraceParent);

/// <summary>How far the receiver of a direction is. Watermarks are committed; <paramref name="WorkReceived"/> lies in its memory only.</summary>
/// <param name="WorkAgain">There was a gap: send again from <paramref name="WorkReceived"/> + 1.</param>
/// <param name="StateAgain">The page did not join: send again from <paramref name="StateWatermark"/>.</param>
internal sealed record Marks(long WorkWatermark, long WorkReceived, long StateWatermark, bool WorkAgain, bool StateAgain)
{
    public static readonly Marks Zero = new(0, 0, 0, false, false);
}

/// <summary>The bodies of work, acknowledgement, state and news frames.</summary>
internal static class FrameBodies
{
    // Number and four lengths: what an entry takes at least.
    private const int WorkItemBytes = 24;
    private const int StateRowBytes = 21;

    public static ReadOnlyMemory<byte> Work(IReadOnlyList<WorkItem> items)
    {
        var writer = new FrameWriter().Count(items.Count);
        foreach (var item in items)
            writer.Number(item.Number).Text(item.OrderKey).Text(item.WireName).Text(item.TraceParent).Bytes(item.Body.Span);
        return writer.Body;
    }

    public static IReadOnlyList<WorkItem> ReadWork(ReadOnlyMemory<byte> body)
    {
        var reader = new FrameReader(body);
        var items = new WorkItem[reader.ListLength(WorkItemBytes)];
        for (var i = 0; i < items.Length; i++)
        {
            var (number, key, name, trace) = (reader.Number(), reader.Text(), reader.Text(), reader.OptionalText());
            items[i] = new WorkItem(number, key, name, reader.Bytes(), trace);
        }
        return items;
    }

    public static ReadOnlyMemory<byte> Marks(Marks marks) => new FrameWriter()
        .Number(marks.WorkWatermark)
        .Number(marks.WorkReceived)
        .Number(marks.StateWatermark)
        .Flag(marks.WorkAgain)
        .Flag(marks.StateAgain)
        .Body;

    public static Marks ReadMarks(ReadOnlyMemory<byte> body)
    {
        var reader = new FrameReader(body);
        var (watermark, received, state) = (reader.Number(), reader.Number(), reader.Number());
        return new Marks(watermark, received, state, reader.Flag(), reader.Flag());
    }

    public static ReadOnlyMemory<byte> State(StatePage page)
    {
        var writer = new FrameWriter().Number(page.From).Number(page.To).Count(page.Rows.Count);
        foreach (var row in page.Rows)
            writer.Text(row.Kind).Text(row.Key).Number(row.ChangeNumber).Flag(row.Deleted).Bytes(row.Json.Span);
        return writer.Body;
    }

    public static StatePage ReadState(ReadOnlyMemory<byte> body)
    {
        var reader = new FrameReader(body);
        var (from, to) = (reader.Number(), reader.Number());
        var rows = new StateRow[reader.ListLength(StateRowBytes)];
        for (var i = 0; i < rows.Length; i++)
        {
            var (kind, key, change, deleted) = (reader.Text(), reader.Text(), reader.Number(), reader.Flag());
            rows[i] = new StateRow(kind, key, change, deleted, reader.Bytes());
        }
        return new StatePage(from, to, rows);
    }

    public static ReadOnlyMemory<byte> News(object message) =>
        new FrameWriter().Text(WireMessages.NameOf(message)).Bytes(WireMessages.ToBytes(message)).Body;

    /// <returns>Null for a message that this version does not know: news is not stored, so it is let go.</returns>
    public static object? ReadNews(ReadOnlyMemory<byte> body)
    {
        var reader = new FrameReader(body);
        return WireMessages.TryRead(reader.Text(), reader.Bytes().Span, out var message) ? message : null;
    }

    /// <summary>What an item takes of a frame, about.</summary>
    public static int SizeOf(WorkItem item) =>
        WorkItemBytes + Encoding.UTF8.GetByteCount(item.OrderKey) + item.WireName.Length + (item.TraceParent?.Length ?? 0) + item.Body.Length;
}
