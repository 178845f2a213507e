using Cells.Chaos.Faults;
using Cells.Contracts;
using Cells.Messaging.Transports;

namespace Cells.Chaos.Stepping;

/// <summary>The bus between the cells: every frame arrives by a step of its own, if it arrives.</summary>
internal sealed class SteppedTransport(Stepper stepper, FaultPlan faults, Random random) : ITransport
{
    // As many as the in-process transport holds.
    private const int FramesPerWay = 1024;

    private readonly SortedDictionary<CellName, Action<CellName, ReadOnlyMemory<byte>>> _listeners = [];
    private readonly SortedDictionary<(CellName From, CellName To), Way> _ways = [];

    public bool TrySend(CellName from, CellName to, ReadOnlyMemory<byte> frame)
    {
        if (!_ways.TryGetValue((from, to), out var way))
            _ways.Add((from, to), way = new Way());
        if (way.Frames.Count >= FramesPerWay)
            return false;
        if (faults.Fires(FaultName.Drop))
            return true;                                   // lost on the way: the sender cannot know
        Put(way, from, to, frame);
        if (faults.Fires(FaultName.Duplicate))
            Put(way, from, to, frame);
        return true;
    }

    public IDisposable Listen(CellName cell, Action<CellName, ReadOnlyMemory<byte>> receive)
    {
        _listeners.Add(cell, receive);
        return new Listening(this, cell);
    }

    private void Put(Way way, CellName from, CellName to, ReadOnlyMemory<byte> frame)
    {
        way.Frames.Add(frame);
        // A delayed frame holds up those behind it; who is to overtake is drawn apart, at the arrival.
        stepper.AddAfter(faults.Fires(FaultName.Delay) ? faults.Delay() : TimeSpan.FromMicroseconds(random.Next(0, 6_000)), new Arrival(this, way, from, to));
    }

    private void Arrive(Way way, CellName from, CellName to)
    {
        var at = way.Frames.Count > 1 && faults.Fires(FaultName.Reorder) ? random.Next(1, way.Frames.Count) : 0;
        var frame = way.Frames[at];
        way.Frames.RemoveAt(at);
        if (_listeners.TryGetValue(to, out var receive))
            receive(from, frame);
    }

    private sealed class Way
    {
        public List<ReadOnlyMemory<byte>> Frames { get; } = [];
    }

    private sealed class Arrival(SteppedTransport transport, Way way, CellName from, CellName to) : IEffect
    {
        // It is on the way already: neither end's death takes it along.
        public string Owner => "bus";

        public string Describe() => $"frame {from} > {to}";

        public void Perform() => transport.Arrive(way, from, to);

        public void OwnerDied(Random chance)
        {
        }
    }

    private sealed class Listening(SteppedTransport transport, CellName cell) : IDisposable
    {
        private bool _over;

        public void Dispose()
        {
            if (_over)
                return;
            _over = true;
            transport._listeners.Remove(cell);
        }
    }
}
