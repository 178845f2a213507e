using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;

namespace Cells.Compute.Nodes;

// The nodes of one cell: the leader has the links, the placer and every row; the others are its hands, each with the pools that it was given. What a
// placer and its pools say to each other inside one process, they say here by frames.

/// <summary>From a hand to the leader.</summary>
/// <param name="NodeEpoch">Of the hand's lease: which life of the node says so.</param>
/// <param name="LeaderEpoch">To which leader.</param>
/// <param name="Session">Of this life: begun by <see cref="Hello"/>, once all has to be shown from the beginning.</param>
/// <param name="Number">1 for the session's first message, and so on without a hole; of <see cref="Hello"/> 0, of <see cref="StillHere"/> the last one sent.</param>
internal sealed record ToLeader(NodeName From, long NodeEpoch, long LeaderEpoch, long Session, long Number, object Message);

/// <summary>From the leader to a hand. A lost one is not missed: whatever the leader asks for has a row, and is asked for again.</summary>
/// <param name="Number">Rises within a session: one that comes a second time, or too late, is dropped. A step must not begin because a broker gave its frame twice.</param>
/// <param name="Host">To this host's actor; null: to the hand itself.</param>
internal sealed record ToHand(NodeName To, long NodeEpoch, long LeaderEpoch, long Session, long Number, HostId? Host, object Message);

/// <summary>Up: the hand attaches, or attaches again: everything that it has will be shown from the beginning.</summary>
internal sealed record Hello;

/// <summary>Up, each second: nothing was said since that number, so what is missing below it was lost.</summary>
/// <param name="Heard">The number of the last frame that came down: one who hears nothing is no use as a hand.</param>
internal sealed record StillHere(long Heard);

/// <summary>Up: ask above for a ticket for this image; the answer goes to every hand.</summary>
/// <param name="ToWrite">To send a snapshot's bytes, in place of reading an image's.</param>
internal sealed record AskTicket(CellName Parent, ImageId Image, bool ToWrite = false)
{
    /// <summary>What asks, committed by whoever has the links. Lost, it is asked again: there is nothing else to make durable.</summary>
    public Change Change(CellName cell) => new(new SendWork(Parent, $"image-{Image}", new RequestImageTicket(Image, cell) { ToWrite = ToWrite }, null));
}

/// <summary>Down: the session is known; show everything.</summary>
internal sealed record Welcome;

/// <summary>Down: something of the session was lost, or it is not known: begin another one.</summary>
internal sealed record BeginAgain;

/// <summary>Down: what you are given has changed; read it now.</summary>
internal sealed record LookNow;

/// <summary>From a hand to its pools' actors, and from these to their hosts': tell the observer everything again, as at the beginning.</summary>
internal sealed record ShowAgain
{
    public static readonly ShowAgain Instance = new();
}
