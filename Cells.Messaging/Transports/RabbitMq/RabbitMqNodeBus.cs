using System.Collections.Concurrent;
using Cells.Contracts;
using Cells.Messaging.Nodes;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>
/// Carries frames between the nodes of one cell over the cell's own virtual host, with the cell's own account: one bounded queue per node, which a
/// neighbour's account may not write to. As with links, nothing in it counts.
/// </summary>
/// <param name="url">Of the cell's virtual host, with its owner's account.</param>
public sealed class RabbitMqNodeBus(CellName cell, Uri url, TimeProvider time, ILogger logger) : INodeBus, IAsyncDisposable
{
    // A whole pool is shown in one frame.
    private const long BytesWaiting = 256L << 20;

    // All that a thousand hosts of a pool each have to say at the beginning, and what happens meanwhile.
    private const int FramesWaiting = 16_384;

    private static readonly RabbitMqOptions Bounds = new([], []) { BytesPerQueue = BytesWaiting, FramesPerQueue = FramesWaiting };

    private readonly ConcurrentDictionary<NodeName, Outlet> _outlets = new();
    private readonly ConcurrentBag<BrokerConnection> _all = [];

    public bool TrySend(NodeName to, ReadOnlyMemory<byte> frame) => OutletTo(to).TrySend(frame);

    public IDisposable Listen(NodeName node, Action<ReadOnlyMemory<byte>> receive)
    {
        var inlet = new Inlet($"{cell}, node {node} hears", url, [(BrokerNames.NodeQueue(node), cell)], Bounds, (_, frame) => receive(frame), time, logger);
        _all.Add(inlet);
        inlet.Start();
        return new Listening(inlet);
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_all.Select(connection => connection.DisposeAsync().AsTask()));

    private Outlet OutletTo(NodeName node)
    {
        if (_outlets.TryGetValue(node, out var known))
            return known;
        lock (_outlets)
        {
            if (_outlets.TryGetValue(node, out known))
                return known;
            var outlet = new Outlet($"{cell} to its node {node}", url, BrokerNames.NodeQueue(node), FramesWaiting, BytesWaiting, time, logger);
            _all.Add(outlet);
            outlet.Start();
            return _outlets[node] = outlet;
        }
    }

    private sealed class Listening(Inlet inlet) : IDisposable
    {
        public void Dispose() => inlet.End();
    }
}
