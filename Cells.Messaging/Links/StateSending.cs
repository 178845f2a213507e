namespace Cells.Messaging.Links;

/// <summary>What the state pump does next.</summary>
internal enum StateMove
{
    None = 0,
    ReadPage = 1,
    SendPage = 2,
}

/// <summary>The sender's side of a state lane: one page on the way, rows read as late as possible so that only the newest value travels.</summary>
/// <param name="Acked">Committed by the neighbour.</param>
/// <param name="Known">The cell's change counter as last heard: rows up to here may wait.</param>
/// <param name="Looked">Nothing that concerns the neighbour lies in (Acked, Looked]: a reading found no rows there.</param>
/// <param name="Reading">A page is being read, begun when Known was this; null for none.</param>
/// <param name="Page">The page on the way, or to be sent; null for none.</param>
/// <param name="SentAt">When the page was last sent; null when it was not yet.</param>
internal sealed record StateSending(long Acked, long Known, long Looked, long? Reading, StatePage? Page, TimeSpan? SentAt)
{
    public const int RowsPerPage = 256;

    private static readonly TimeSpan ResendAfter = TimeSpan.FromSeconds(2);

    public static readonly StateSending Zero = new(0, 0, 0, null, null, null);

    /// <summary>Changes that the neighbour may lack: an upper bound of the rows that wait.</summary>
    public long Lag => Math.Max(0, Known - Math.Max(Acked, Looked));

    public StateMove Move => this switch
    {
        { Page: not null, SentAt: null } => StateMove.SendPage,
        { Page: null, Reading: null } when Known > Math.Max(Acked, Looked) => StateMove.ReadPage,
        _ => StateMove.None,
    };

    public StateSending OnChange(long number) => number > Known ? this with { Known = number } : this;

    /// <summary>After a hello: the neighbour's own word is where we go on, whatever was on the way.</summary>
    public StateSending OnAgreed(long watermark) =>
        this with { Acked = watermark, Known = Math.Max(Known, watermark), Looked = watermark, Page = null, SentAt = null };

    public StateSending OnReading() => this with { Reading = Known };

    public StateSending OnReadFailed() => this with { Reading = null };

    /// <param name="page">Read above <paramref name="above"/>; of no use when the watermark was set anew meanwhile.</param>
    public StateSending OnRead(long above, StatePage page)
    {
        // What was announced before the reading began is in it, whatever number the source gives an empty page.
        var seen = Math.Max(page.To, Reading ?? 0);
        var next = this with { Reading = null, Known = Math.Max(Known, page.To) };
        if (above != Math.Max(Acked, Looked) || Page is not null)
            return next;
        // The rows join the neighbour's watermark because the changes in between do not concern it.
        return page.Rows.Count == 0
            ? next with { Looked = Math.Max(above, seen) }
            : next with { Page = page with { From = Acked }, SentAt = null };
    }

    public StateSending OnSent(TimeSpan at) => this with { SentAt = at };

    public StateSending OnMarks(Marks marks)
    {
        if (marks.StateWatermark > Known)
            return this;
        if (Page is { } page && marks.StateWatermark >= page.To)
            return this with { Acked = marks.StateWatermark, Looked = marks.StateWatermark, Page = null, SentAt = null };
        return marks.StateAgain && marks.StateWatermark != Acked ? OnAgreed(marks.StateWatermark) : this;
    }

    public StateSending OnTick(TimeSpan at) => Page is not null && SentAt is { } sent && at - sent >= ResendAfter ? this with { SentAt = null } : this;
}
