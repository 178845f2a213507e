using Cells.Contracts;

namespace Cells.Messaging.Links;

/// <summary>The keys that a cell holds: for each neighbour one to sign what it sends and one to check what it hears.</summary>
public interface ILinkKeys
{
    /// <returns>The key for frames from one cell to the other; null when this cell holds none, and then no frame passes.</returns>
    LinkKey? Find(CellName from, CellName to);

    /// <summary>
    /// Until when (wall time) a neighbour may be heard for the first time under its key, which a join token carried to it; null: at any time. Asked
    /// only of neighbours that were never met.
    /// </summary>
    DateTimeOffset? JoinBefore(CellName neighbour, CellName cell) => null;
}
