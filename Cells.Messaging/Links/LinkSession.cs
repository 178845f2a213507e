using System.Collections.Immutable;

namespace Cells.Messaging.Links;

/// <summary>
/// Who we talk to, proved: the neighbour's session counts only after a hello of it echoed our own, which nobody can have recorded before. From
/// then on its frames must lie above that hello, so nothing recorded earlier passes either.
/// </summary>
/// <param name="Mine">Our own session, drawn at the start.</param>
/// <param name="Seen">The last session seen in a signed hello, proved or not: what our hello echoes.</param>
/// <param name="Proved">The session we listen to; 0 for none.</param>
/// <param name="Floor">Sequence of its last hello: lower frames are refused.</param>
/// <param name="Latest">The last sequence of the kinds that carry no numbers of their own.</param>
internal sealed record LinkSession(ulong Mine, ulong Seen, ulong Proved, long Floor, ImmutableSortedDictionary<FrameKind, long> Latest)
{
    public static LinkSession Begin(ulong mine) => new(mine, 0, 0, 0, ImmutableSortedDictionary<FrameKind, long>.Empty);

    /// <returns>The state with what was seen, and whether the hello is proved and new: only then may its content be used.</returns>
    public (LinkSession Next, FrameRefusal Refusal, bool Proved) OnHello(Envelope frame, Hello hello)
    {
        if (hello.Session != frame.Session)
            return (this, FrameRefusal.Malformed, false);
        if (frame.Session == Proved && frame.Sequence <= Floor)
            return (this, FrameRefusal.Replayed, false);
        if (hello.Echo != Mine)
            return (this with { Seen = frame.Session }, FrameRefusal.None, false);
        return (this with
        {
            Seen = frame.Session,
            Proved = frame.Session,
            Floor = frame.Sequence,
            Latest = frame.Session == Proved ? Latest : Latest.Clear(),
        }, FrameRefusal.None, true);
    }

    /// <summary>For every other kind. Work and state may come twice (their own numbers tell); acknowledgements, news and heartbeats only rise.</summary>
    public (LinkSession Next, FrameRefusal Refusal) OnFrame(Envelope frame)
    {
        if (Proved == 0 || frame.Session != Proved)
            return (this, FrameRefusal.UnknownSession);
        if (frame.Sequence <= Floor)
            return (this, FrameRefusal.Replayed);
        if (frame.Kind is FrameKind.Work or FrameKind.State)
            return (this, FrameRefusal.None);
        return Latest.TryGetValue(frame.Kind, out var latest) && frame.Sequence <= latest
            ? (this, FrameRefusal.Replayed)
            : (this with { Latest = Latest.SetItem(frame.Kind, frame.Sequence) }, FrameRefusal.None);
    }
}
