using Cells.Contracts;

namespace Cells.Messaging.Nodes;

/// <summary>
/// Carries frames between the nodes of one cell: may lose, double, delay and reorder them, and never blocks. Whoever sends numbers what must arrive, and
/// shows all again after a gap.
/// </summary>
public interface INodeBus
{
    /// <summary>False when the way is full, or not open yet: the frame is dropped.</summary>
    bool TrySend(NodeName to, ReadOnlyMemory<byte> frame);

    /// <summary>Frames for this node are given to <paramref name="receive"/> (which only passes them on) until the registration is disposed.</summary>
    IDisposable Listen(NodeName node, Action<ReadOnlyMemory<byte>> receive);
}
