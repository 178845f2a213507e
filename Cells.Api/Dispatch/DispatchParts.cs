using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using Cells.Messaging.Storage;
using Microsoft.Extensions.Logging;

namespace Cells.Api.Dispatch;

/// <summary>What a dispatcher is given of its cell.</summary>
/// <param name="Intents">Null in a routing cell.</param>
/// <param name="Tickets">Null in a routing cell: it passes requests up.</param>
/// <param name="SendNews">Hands news to the links.</param>
/// <param name="WorkWatermark">Up to which work number of a parent's link everything is done and durable.</param>
/// <param name="IsFull">More work waits for this neighbour than its lane may hold.</param>
/// <param name="Parked">Work of this cell's own links that could not be handled.</param>
/// <param name="NewRandom">The draw among equal children; asked again at each start of the actor.</param>
internal sealed record DispatchParts(
    CellName Cell,
    CellKind Kind,
    IReadOnlyList<CellName> Parents,
    IReadOnlyList<CellName> Children,
    ICommitter Committer,
    ICellDatabase Database,
    IHomeIntents? Intents,
    IImageTickets? Tickets,
    Action<SendNews> SendNews,
    Func<CellName, long> WorkWatermark,
    Func<CellName, bool> IsFull,
    IParkedMessages Parked,
    TimeProvider Time,
    Func<Random> NewRandom,
    ApiOptions Options,
    ILogger Log)
{
    /// <summary>
    /// False in a process that only has a door: it decides by the same rows, which are guarded, and asks no child. A build waits for the one that leads, which
    /// looks for such rows (<see cref="DoorWatch"/>).
    /// </summary>
    public bool Leads { get; init; } = true;

    /// <summary>Other processes may write the cell's dispatch rows too: none is remembered from one job to the next.</summary>
    public bool IsShared { get; init; }
}
