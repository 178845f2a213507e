using Cells.Contracts;
using Cells.Messaging.Transports;

namespace Cells.IntegrationTests.Messaging.Links;

/// <summary>Loses, doubles and swaps frames before the transport under test gets them.</summary>
internal sealed class FaultyTransport(ITransport inner, int seed) : ITransport
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private (CellName From, CellName To, byte[] Frame)? _held;

    /// <summary>Of 100 frames so many are lost, doubled, or held until the next one has gone.</summary>
    public (int Lost, int Doubled, int Swapped) Faults { get; set; }

    /// <summary>So many frames from now on are lost.</summary>
    public int LoseNext { get; set; }

    public (CellName From, CellName To, byte[] Frame)? Last { get; private set; }

    public bool TrySend(CellName from, CellName to, ReadOnlyMemory<byte> frame)
    {
        (CellName From, CellName To, byte[] Frame)? released;
        bool doubled;
        lock (_lock)
        {
            var copy = (from, to, frame.ToArray());
            Last = copy;
            if (LoseNext > 0)
            {
                LoseNext--;
                return true;
            }
            if (_random.Next(100) < Faults.Lost)
                return true;
            doubled = _random.Next(100) < Faults.Doubled;
            if (_held is null && _random.Next(100) < Faults.Swapped)
            {
                _held = copy;
                return true;
            }
            (released, _held) = (_held, null);
        }
        var sent = inner.TrySend(from, to, frame);
        if (doubled)
            inner.TrySend(from, to, frame);
        if (released is { } late)
            inner.TrySend(late.From, late.To, late.Frame);
        return sent;
    }

    public string? Problem(CellName cell, CellName neighbour) => inner.Problem(cell, neighbour);

    public IDisposable Listen(CellName cell, Action<CellName, ReadOnlyMemory<byte>> receive) => inner.Listen(cell, receive);
}
