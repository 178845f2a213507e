using Cells.Contracts;

namespace Cells.Messaging.Transports;

/// <summary>
/// Carries frames between neighbouring cells: may lose, double, delay and reorder them, and never blocks. What must arrive is made to by the
/// lanes above it.
/// </summary>
public interface ITransport
{
    /// <summary>Sends one signed frame. False when the way is full or unknown: the frame is dropped, and the lane sends again later.</summary>
    bool TrySend(CellName from, CellName to, ReadOnlyMemory<byte> frame);

    /// <summary>
    /// Frames for <paramref name="cell"/> are given to <paramref name="receive"/> (which only passes them on) until the registration is disposed.
    /// </summary>
    IDisposable Listen(CellName cell, Action<CellName, ReadOnlyMemory<byte>> receive);

    /// <summary>Why no frames pass between a cell of this process and its neighbour now, in words for people; null when nothing stands in the way. Any thread.</summary>
    string? Problem(CellName cell, CellName neighbour) => null;
}
