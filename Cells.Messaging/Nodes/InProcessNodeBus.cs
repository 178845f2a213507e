using System.Collections.Concurrent;
using Cells.Contracts;

namespace Cells.Messaging.Nodes;

/// <summary>The nodes of one cell in one process: a frame is handed over within the call.</summary>
public sealed class InProcessNodeBus : INodeBus
{
    private readonly ConcurrentDictionary<NodeName, Action<ReadOnlyMemory<byte>>> _listeners = new();

    public bool TrySend(NodeName to, ReadOnlyMemory<byte> frame)
    {
        if (!_listeners.TryGetValue(to, out var receive))
            return false;
        receive(frame);
        return true;
    }

    public IDisposable Listen(NodeName node, Action<ReadOnlyMemory<byte>> receive)
    {
        _listeners[node] = receive;
        return new Registration(this, KeyValuePair.Create(node, receive));
    }

    private sealed class Registration(InProcessNodeBus bus, KeyValuePair<NodeName, Action<ReadOnlyMemory<byte>>> listener) : IDisposable
    {
        public void Dispose() => bus._listeners.TryRemove(listener);
    }
}
