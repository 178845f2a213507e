using Cells.Contracts;

namespace Cells.Messaging;

/// <summary>One frame between two neighbouring cells, opened. <see cref="EnvelopeCodec"/> makes and checks its bytes.</summary>
/// <param name="Incarnation">Of the direction that the frame speaks of: the sender's for what it sends, the receiver's for an acknowledgement; 0 for kinds without a lane.</param>
/// <param name="Session">Drawn by the sender at each start of its link. A frame of a session that the hello has not proved is refused.</param>
/// <param name="Sequence">Rises by one with each frame of the session.</param>
internal sealed record Envelope(
    CellName From,
    CellName To,
    FrameKind Kind,
    long Incarnation,
    ulong Session,
    long Sequence,
    ReadOnlyMemory<byte> Body);

/// <summary>What a frame is. Numbers are sent: never reuse one.</summary>
internal enum FrameKind : byte
{
    Hello = 1,
    Work = 2,
    WorkAck = 3,
    State = 4,
    StateAck = 5,
    News = 6,

    /// <summary>Carries the same marks as an acknowledgement, so that a lost one heals within a second.</summary>
    Heartbeat = 7,

    /// <summary>Answered at once by a heartbeat.</summary>
    Probe = 8,
}

/// <summary>Why a frame was not let in; counted and logged by name.</summary>
internal enum FrameRefusal
{
    None = 0,

    /// <summary>Shorter or longer than its own length fields say.</summary>
    Truncated = 1,

    /// <summary>Another version of the frame than this cell reads.</summary>
    UnknownVersion = 2,

    /// <summary>Signed for another receiver, or by another sender than the way it came: re-routed.</summary>
    WrongAddress = 3,

    /// <summary>No key for this neighbour and direction, or the frame names another key.</summary>
    UnknownKey = 4,

    /// <summary>The bytes are not what the key signed: forged or altered.</summary>
    BadSignature = 5,

    /// <summary>From a session that no hello has proved: before our restart, or recorded long ago.</summary>
    UnknownSession = 6,

    /// <summary>Its sequence was seen, or lies before the hello: played again, doubled or overtaken.</summary>
    Replayed = 7,

    /// <summary>Of an incarnation that is not the agreed one.</summary>
    WrongIncarnation = 8,

    /// <summary>Signed, but its body cannot be read: a bug of the neighbour.</summary>
    Malformed = 9,

    /// <summary>From a cell that is no neighbour.</summary>
    UnknownNeighbour = 10,

    /// <summary>More frames waited than this cell holds for one link.</summary>
    Overflow = 11,

    /// <summary>From a neighbour that was never met, after the time its join token gave it.</summary>
    JoinOver = 12,
}
