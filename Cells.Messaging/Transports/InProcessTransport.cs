using System.Collections.Concurrent;
using Cells.Contracts;

namespace Cells.Messaging.Transports;

/// <summary>
/// Carries frames between the cells of one process. Each way (from, to) holds a bounded number of frames and keeps their order; one more is
/// dropped. The sending thread hands over what waits, so there is no thread and no timer here.
/// </summary>
public sealed class InProcessTransport(int framesPerWay = InProcessTransport.DefaultFramesPerWay) : ITransport
{
    public const int DefaultFramesPerWay = 1024;

    private readonly ConcurrentDictionary<CellName, Listener> _listeners = new();
    private readonly ConcurrentDictionary<(CellName From, CellName To), Way> _ways = new();

    public bool TrySend(CellName from, CellName to, ReadOnlyMemory<byte> frame)
    {
        if (!_listeners.ContainsKey(to))
            return false;
        var way = _ways.GetOrAdd((from, to), _ => new Way());
        if (!way.TryAdd(frame, framesPerWay))
            return false;
        while (way.TryTake(out var next))
        {
            try
            {
                if (_listeners.TryGetValue(to, out var listener))
                    listener.Receive(from, next);
            }
            finally
            {
                way.Taken();
            }
        }
        return true;
    }

    /// <exception cref="InvalidOperationException">The cell listens already: two would share its frames.</exception>
    public IDisposable Listen(CellName cell, Action<CellName, ReadOnlyMemory<byte>> receive)
    {
        var listener = new Listener(this, cell, receive);
        return _listeners.TryAdd(cell, listener)
            ? listener
            : throw new InvalidOperationException($"Cell '{cell}' listens on this transport already; its former registration must be disposed first.");
    }

    private sealed class Listener(InProcessTransport transport, CellName cell, Action<CellName, ReadOnlyMemory<byte>> receive) : IDisposable
    {
        public Action<CellName, ReadOnlyMemory<byte>> Receive => receive;

        public void Dispose() => transport._listeners.TryRemove(KeyValuePair.Create(cell, this));
    }

    /// <summary>A bounded queue with at most one thread handing over at a time; whoever finds one at work only adds.</summary>
    private sealed class Way
    {
        private readonly Lock _lock = new();
        private readonly Queue<ReadOnlyMemory<byte>> _frames = new();
        private bool _handingOver;

        public bool TryAdd(ReadOnlyMemory<byte> frame, int bound)
        {
            lock (_lock)
            {
                if (_frames.Count >= bound)
                    return false;
                _frames.Enqueue(frame);
                return true;
            }
        }

        public bool TryTake(out ReadOnlyMemory<byte> frame)
        {
            lock (_lock)
            {
                if (_handingOver || !_frames.TryDequeue(out frame))
                {
                    frame = default;
                    return false;
                }
                return _handingOver = true;
            }
        }

        public void Taken()
        {
            lock (_lock)
                _handingOver = false;
        }
    }
}
