namespace Cells.Messaging.Links;

/// <summary>
/// The sender's side of a work lane, in numbers: Acked &lt;= Received &lt;= Sent &lt;= Given. What is above Acked stands in the outbox.
/// </summary>
/// <param name="Acked">Committed by the neighbour.</param>
/// <param name="Received">In the neighbour's memory, in this session: need not be sent again.</param>
/// <param name="Sent">Sent and not asked for again.</param>
/// <param name="Given">Last number given by a commit of ours.</param>
/// <param name="Progress">When something was last sent or acknowledged.</param>
internal sealed record WorkSending(long Acked, long Received, long Sent, long Given, TimeSpan Progress)
{
    /// <summary>Messages that may be on the way or in the neighbour's hands unacknowledged.</summary>
    public const int Window = 512;

    // Two heartbeats: the neighbour's first one after the loss tells what it has, so the second finds it still missing.
    private static readonly TimeSpan ResendAfter = TimeSpan.FromSeconds(2);

    // Every frame behind a gap asks again; one resend answers them all.
    private static readonly TimeSpan BetweenRewinds = TimeSpan.FromMilliseconds(200);

    public long Backlog => Given - Acked;

    /// <summary>The last number that may be sent now.</summary>
    public long SendTo => Math.Min(Given, Acked + Window);

    public bool MaySend => SendTo > Sent;

    public WorkSending OnGiven(long number) => number > Given ? this with { Given = number } : this;

    /// <summary>The neighbour's memory is new: all above its watermark is sent again.</summary>
    public WorkSending OnAgreed(long watermark, TimeSpan at)
    {
        var acked = Math.Max(Acked, watermark);
        return this with { Acked = acked, Received = acked, Sent = acked, Given = Math.Max(Given, acked), Progress = at };
    }

    public WorkSending OnSent(long number, TimeSpan at) => this with { Sent = Math.Max(Sent, number), Progress = at };

    /// <summary>Marks beyond what was given are not believed: they can only be a bug, and the next hello looks into it.</summary>
    public WorkSending OnMarks(Marks marks, TimeSpan at)
    {
        if (marks.WorkWatermark > Given || marks.WorkReceived > Given)
            return this;
        var acked = Math.Max(Acked, marks.WorkWatermark);
        var received = Math.Max(acked, Math.Max(Received, marks.WorkReceived));
        var next = this with
        {
            Acked = acked,
            Received = received,
            Sent = Math.Max(Sent, received),
            Progress = acked > Acked || received > Received ? at : Progress,
        };
        return marks.WorkAgain && marks.WorkReceived == received && next.Sent > received && at - Progress >= BetweenRewinds
            ? next with { Sent = received, Progress = at }
            : next;
    }

    public WorkSending OnTick(TimeSpan at) => Sent > Received && at - Progress >= ResendAfter
        ? this with { Sent = Received, Progress = at }
        : this;

    /// <summary>The outbox ended earlier than we thought: its word counts.</summary>
    public WorkSending OnOutboxEnd(long last) => this with { Given = Math.Max(Sent, last) };
}
