namespace Cells.Host.Replay;

/// <summary>One request of the workload: a create, or the delete of an earlier create.</summary>
internal readonly record struct TraceEvent(double At, bool IsDelete, TraceRow Row)
{
    /// <summary>Creates and deletes in the order of time, deletes of a moment before its creates; at most <paramref name="limit"/> of them.</summary>
    public static IEnumerable<TraceEvent> InOrder(IEnumerable<TraceRow> rows, int limit)
    {
        var ends = new PriorityQueue<TraceRow, (double, int)>();
        var left = limit;
        foreach (var row in rows)
        {
            while (left > 0 && ends.TryPeek(out var ended, out _) && ended.EndsAt <= row.At)
            {
                ends.Dequeue();
                left--;
                yield return new TraceEvent(ended.EndsAt!.Value, IsDelete: true, ended);
            }
            if (left-- <= 0)
                yield break;
            yield return new TraceEvent(row.At, IsDelete: false, row);
            if (row.EndsAt is { } end)
                ends.Enqueue(row, (end, row.Line));
        }
        while (left-- > 0 && ends.TryDequeue(out var ended, out _))
            yield return new TraceEvent(ended.EndsAt!.Value, IsDelete: true, ended);
    }
}
