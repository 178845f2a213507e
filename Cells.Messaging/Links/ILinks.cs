using Cells.Contracts;
using Cells.Messaging.Actors;

namespace Cells.Messaging.Links;

/// <summary>The links of one cell, seen by its owner.</summary>
public interface ILinks
{
    /// <summary>By the neighbours' names.</summary>
    IReadOnlyList<LinkStatus> Status { get; }

    IParkedMessages Parked { get; }

    /// <summary>Starts the links. Once, when the owner's tables and router are ready: from here on messages come.</summary>
    /// <param name="router">Gets everything that the links bring.</param>
    /// <param name="source">What the state lane sends to the parents; null for a cell that sends none.</param>
    void Attach(IActorRef router, IStateSource? source);

    /// <summary>
    /// True while more work waits for this neighbour than its lane may hold: a request that needs the lane is answered 503 and may come again.
    /// Any thread.
    /// </summary>
    bool IsFull(CellName link);

    /// <summary>Sends at once, or within 100 ms of the former news; replaces what was not sent yet. Any thread.</summary>
    void Send(SendNews news);
}

/// <summary>Work that could not be handled, for an operator.</summary>
public interface IParkedMessages
{
    /// <summary>By link, key and age.</summary>
    Task<IReadOnlyList<ParkedMessage>> ListAsync(CancellationToken stop);

    /// <summary>Gives the parked messages of a key to the router again, oldest first, until one fails or none is left.</summary>
    /// <exception cref="CellsException">No such link.</exception>
    void Retry(CellName link, string orderKey);

    /// <summary>Forgets one message for good; the key passes again once none of it is left. Dropping what is gone changes nothing.</summary>
    /// <exception cref="CellsException">No such link, or the database cannot take it now.</exception>
    Task DropAsync(CellName link, long incarnation, long number);
}

/// <summary>One link for the admin API. Watermarks are of the present incarnations.</summary>
/// <param name="LastHeardAge">How long ago it was last heard; null before the first time.</param>
/// <param name="OutboxBacklog">Work messages given and not acknowledged.</param>
/// <param name="StateLag">Changes of this cell that the neighbour may lack; 0 where no state is sent.</param>
/// <param name="Refused">Frames that were not let in since the start.</param>
/// <param name="Problem">Why the link cannot be used, in words for people; null when it can, or when nothing but silence is known.</param>
public sealed record LinkStatus(
    CellName Neighbour,
    NeighbourKind Kind,
    NeighbourHealth Health,
    TimeSpan? LastHeardAge,
    long OutboxBacklog,
    long WorkOutWatermark,
    long WorkInWatermark,
    long StateOutWatermark,
    long StateInWatermark,
    long StateLag,
    int Parked,
    long Refused,
    string? Problem);
