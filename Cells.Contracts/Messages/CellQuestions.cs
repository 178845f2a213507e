using Cells.Contracts.Wire;

namespace Cells.Contracts.Messages;

/// <summary>
/// Down: an operator asks a cell about itself, or tells it what to do with work that it could not handle. Kept nowhere: answered by <see cref="CellTold"/>,
/// or not at all, and then the operator asks again. May arrive twice: what it does twice it does once.
/// </summary>
/// <param name="Question">Names this one asking; the answer carries it.</param>
/// <param name="Way">The cells that it has left, the one that asks first: the answer goes back by them.</param>
/// <param name="Link">Of parked work: the neighbour that it came from.</param>
/// <param name="Key">To be given again: its key.</param>
/// <param name="Incarnation">To be forgotten: with <paramref name="Number"/> the message.</param>
[WireName("cell.ask.v1")]
public sealed record AskCell(
    CellName Cell, Guid Question, CellQuestion About, IReadOnlyList<CellName> Way, CellName? Link = null, string? Key = null, long? Incarnation = null, long? Number = null);

/// <summary>Up: what the cell says of itself.</summary>
/// <param name="Problem">Why it was not done, for people; null when it was.</param>
/// <param name="Parked">The oldest of each key first, at most <see cref="MostParked"/>.</param>
[WireName("cell.told.v1")]
public sealed record CellTold(CellName Cell, Guid Question, IReadOnlyList<CellName> Way, string? Problem, IReadOnlyList<ParkedWork>? Parked = null)
{
    /// <summary>As much as fits well into one message.</summary>
    public const int MostParked = 500;
}

/// <param name="Name">The wire name of the message.</param>
public sealed record ParkedWork(CellName Link, string Key, long Incarnation, long Number, string Name, string Reason, DateTimeOffset ParkedAt);

/// <summary>Numbers are sent: never reuse one.</summary>
public enum CellQuestion
{
    ListParked = 1,
    RetryParked = 2,
    DropParked = 3,
}
