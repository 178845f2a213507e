using Cells.Contracts;
using Cells.Messaging.Transports;

namespace Cells.UnitTests.Messaging.Links;

/// <summary>Holds every frame until the world delivers, doubles or loses it, in any order.</summary>
internal sealed class LossyTransport : ITransport
{
    private readonly SortedDictionary<CellName, Action<CellName, ReadOnlyMemory<byte>>> _listeners = [];

    public List<(CellName From, CellName To, ReadOnlyMemory<byte> Frame)> Frames { get; } = [];

    /// <summary>Everything that was ever sent, for whoever plays it again.</summary>
    public List<(CellName From, CellName To, ReadOnlyMemory<byte> Frame)> Recorded { get; } = [];

    /// <summary>The way is full: nothing more is taken.</summary>
    public bool Full { get; set; }

    public bool TrySend(CellName from, CellName to, ReadOnlyMemory<byte> frame)
    {
        if (Full)
            return false;
        Frames.Add((from, to, frame));
        Recorded.Add((from, to, frame));
        return true;
    }

    public IDisposable Listen(CellName cell, Action<CellName, ReadOnlyMemory<byte>> receive)
    {
        _listeners.Add(cell, receive);
        return new Registration(() => _listeners.Remove(cell));
    }

    public void Deliver(int index, bool keep = false)
    {
        var frame = Frames[index];
        if (!keep)
            Frames.RemoveAt(index);
        Inject(frame.From, frame.To, frame.Frame);
    }

    public void Inject(CellName from, CellName to, ReadOnlyMemory<byte> frame)
    {
        if (_listeners.TryGetValue(to, out var receive))
            receive(from, frame);
    }

    private sealed class Registration(Action dispose) : IDisposable
    {
        public void Dispose() => dispose();
    }
}
