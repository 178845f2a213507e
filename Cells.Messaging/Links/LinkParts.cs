using Cells.Contracts;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.Messaging.Transports;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Links;

/// <summary>What the actors of one link are made of.</summary>
/// <param name="OwnPast">Our PostgreSQL system identifier and timeline at the start of the process.</param>
/// <param name="JoinBefore">See <see cref="ILinkKeys.JoinBefore"/>.</param>
/// <param name="SignKey">For what we send; <paramref name="CheckKey"/> for what we hear.</param>
internal sealed record LinkParts(
    CellName Cell,
    CellName Neighbour,
    NeighbourKind Kind,
    string OwnPast,
    ITransport Transport,
    LinkKey SignKey,
    LinkKey CheckKey,
    Func<DateTimeOffset?> JoinBefore,
    ILinkStore Store,
    ICommitter Committer,
    IIdSource Ids,
    TimeProvider Time,
    IActorRef Router,
    IStateSource? Source,
    LinkBoard Board,
    LinkHooks Hooks,
    ILogger Logger);
