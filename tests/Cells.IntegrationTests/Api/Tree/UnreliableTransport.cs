using Cells.Contracts;
using Cells.Messaging.Transports;

namespace Cells.IntegrationTests.Api.Tree;

/// <summary>Loses, doubles and overtakes frames by seed, and cuts links on demand.</summary>
internal sealed class UnreliableTransport(int seed) : ITransport
{
    private readonly InProcessTransport _inner = new();
    private readonly Random _random = new(seed);
    private readonly Dictionary<(CellName, CellName), ReadOnlyMemory<byte>> _held = [];
    private readonly HashSet<(CellName, CellName)> _cut = [];

    /// <summary>Of a hundred frames, so many are lost, as many doubled and as many overtaken.</summary>
    public int Percent { get; set; }

    public void Cut(CellName a, CellName b)
    {
        _cut.Add((a, b));
        _cut.Add((b, a));
    }

    public void Mend(CellName a, CellName b)
    {
        _cut.Remove((a, b));
        _cut.Remove((b, a));
    }

    public bool TrySend(CellName from, CellName to, ReadOnlyMemory<byte> frame)
    {
        if (_cut.Contains((from, to)))
            return true;
        var chance = _random.Next(100);
        if (chance < Percent)
            return true;
        if (chance < 2 * Percent)
            _inner.TrySend(from, to, frame);
        if (chance >= 2 * Percent && chance < 3 * Percent && _held.TryAdd((from, to), frame))
            return true;
        var sent = _inner.TrySend(from, to, frame);
        if (_held.Remove((from, to), out var late))
            _inner.TrySend(from, to, late);
        return sent;
    }

    public IDisposable Listen(CellName cell, Action<CellName, ReadOnlyMemory<byte>> receive) => _inner.Listen(cell, receive);
}
