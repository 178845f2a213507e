namespace Cells.Messaging.Links;

/// <summary>What this cell durably knows of a link: its row in <c>link_progress</c>.</summary>
/// <param name="WorkAcked">The neighbour's work watermark as last recorded: below it, outbox rows are gone.</param>
/// <param name="MetPastOut">The neighbour's past when our incarnation began or was first agreed; null before the first meeting.</param>
/// <param name="MetPastIn">The neighbour's past when we took its incarnation; null before the first meeting.</param>
internal sealed record LinkPast(
    long OutIncarnation,
    long WorkAcked,
    long InIncarnation,
    long WorkWatermark,
    long StateWatermark,
    string? MetPastOut,
    string? MetPastIn);

/// <summary>
/// What follows from a hello. Numbers of an incarnation only mean something while both cells remember the same past, so a direction is used
/// only when both name the same incarnation and neither knows more of it than its owner does.
/// </summary>
internal sealed record Meeting(
    string? Refused,
    bool OutAgreed,
    bool InAgreed,
    long BeginAbove,
    string? BeginReason,
    long Adopt,
    long WantsNewerThan)
{
    public const int MinVersion = 1;
    public const int MaxVersion = 1;

    /// <param name="workGiven">The most that our own work numbers can have been given out up to, of what the neighbour may have seen.</param>
    /// <param name="stateGiven">Likewise our change counter.</param>
    public static Meeting Of(LinkPast mine, long workGiven, long stateGiven, Hello theirs)
    {
        if (theirs.MinVersion > MaxVersion || theirs.MaxVersion < MinVersion)
        {
            return new Meeting(
                $"It speaks link protocol {Range(theirs.MinVersion, theirs.MaxVersion)}, this cell {Range(MinVersion, MaxVersion)}. "
                + "Nothing is exchanged until one of them is upgraded.",
                false, false, 0, null, 0, 0);
        }
        var begin = WhyBeginAnew(mine, workGiven, stateGiven, theirs);
        var wants = WantsNewer(mine, theirs);
        return new Meeting(
            Refused: null,
            OutAgreed: begin is null && theirs.InIncarnation == mine.OutIncarnation,
            InAgreed: wants == 0 && theirs.OutIncarnation == mine.InIncarnation,
            BeginAbove: begin is null ? 0 : Math.Max(mine.OutIncarnation, Math.Max(theirs.InIncarnation, theirs.WantsNewerThan)),
            BeginReason: begin,
            Adopt: theirs.OutIncarnation > mine.InIncarnation ? theirs.OutIncarnation : 0,
            WantsNewerThan: wants);
    }

    /// <summary>The upper half counts, the lower is chance: two pasts that parted and both began "the next one" are told apart.</summary>
    public static long IncarnationAbove(long last, uint chance) => (((last >> 32) + 1) << 32) | chance;

    /// <summary>As the owner of the numbers: does the neighbour remember another past of them than we do?</summary>
    private static string? WhyBeginAnew(LinkPast mine, long workGiven, long stateGiven, Hello theirs)
    {
        if (theirs.InIncarnation > mine.OutIncarnation)
            return "it knows a later incarnation of us than we do: our database has lost its latest past";
        if (theirs.WantsNewerThan >= mine.OutIncarnation)
            return "it refuses to go on with the numbers of a past that has changed";
        if (mine.MetPastOut is not null && mine.MetPastOut != theirs.Past)
            return $"its database is another one than before ({mine.MetPastOut}, now {theirs.Past})";
        if (theirs.InIncarnation < mine.OutIncarnation)
            return mine.WorkAcked > 0 ? "it has forgotten our incarnation, although it acknowledged work of it" : null;
        if (theirs.WorkWatermark > workGiven)
            return $"it has work {theirs.WorkWatermark}, and we gave no more than {workGiven}: our database has lost its latest past";
        if (theirs.StateWatermark > stateGiven)
            return $"it has our state up to change {theirs.StateWatermark}, and we made no more than {stateGiven}: our database has lost its latest past";
        return theirs.WorkWatermark < mine.WorkAcked
            ? $"it has work {theirs.WorkWatermark} only, and acknowledged {mine.WorkAcked}: its database has lost its latest past"
            : null;
    }

    /// <summary>As the receiver: which incarnation of theirs can we no longer go on with? 0 for none.</summary>
    private static long WantsNewer(LinkPast mine, Hello theirs)
    {
        if (theirs.OutIncarnation > mine.InIncarnation)
            return 0;      // it is adopted, and then everything begins at 0
        var changed = theirs.OutIncarnation < mine.InIncarnation
            || (mine.MetPastIn is not null && mine.MetPastIn != theirs.Past)
            || mine.WorkWatermark > theirs.WorkGiven
            || mine.StateWatermark > theirs.StateGiven;
        return changed ? mine.InIncarnation : 0;
    }

    private static string Range(int min, int max) => min == max ? $"version {min}" : $"versions {min} to {max}";
}
