using Cells.Contracts;

namespace Cells.Messaging.Links;

/// <summary>A cell at the other end of a link, and on which side of the tree it stands.</summary>
public sealed record Neighbour(CellName Name, NeighbourKind Kind);
