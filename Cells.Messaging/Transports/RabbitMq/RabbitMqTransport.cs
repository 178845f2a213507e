using System.Collections.Concurrent;
using Cells.Contracts;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>
/// Carries frames between processes. Each cell consumes from its own virtual host only; a neighbour publishes there to one exchange, which leads
/// to one bounded queue. A broker may be wiped, restarted or away at any moment: nothing of a link's content is kept by it.
/// </summary>
public sealed class RabbitMqTransport : ITransport, IAsyncDisposable
{
    private const int FramesWaiting = 1024;

    private readonly RabbitMqOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<(CellName From, CellName To), Outlet> _outlets;
    private readonly ConcurrentDictionary<CellName, Inlet> _inlets = new();
    private readonly ConcurrentBag<Inlet> _ended = [];

    /// <summary>Begins to connect; returns at once, whether the brokers are there or not.</summary>
    public RabbitMqTransport(RabbitMqOptions options, TimeProvider time, ILogger logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _outlets = options.Ways.ToDictionary(way => (way.From, way.To), way => new Outlet($"{way.From} to {way.To}", way.Url, BrokerNames.Queue(way.From), FramesWaiting, options.BytesPerQueue, time, logger));
        foreach (var outlet in _outlets.Values)
            outlet.Start();
    }

    public bool TrySend(CellName from, CellName to, ReadOnlyMemory<byte> frame) => _outlets.TryGetValue((from, to), out var outlet) && outlet.TrySend(frame);

    /// <exception cref="InvalidOperationException">The cell listens already, or has no broker here.</exception>
    public IDisposable Listen(CellName cell, Action<CellName, ReadOnlyMemory<byte>> receive)
    {
        var own = _options.Own.FirstOrDefault(o => o.Cell == cell)
            ?? throw new InvalidOperationException($"Cell '{cell}' has no broker of its own in this process.");
        var inlet = new Inlet($"{own.Cell} hears", own.Url, [.. own.Neighbours.Select(n => (BrokerNames.Queue(n), n))], _options, receive, _time, _logger);
        if (!_inlets.TryAdd(cell, inlet))
            throw new InvalidOperationException($"Cell '{cell}' listens on this transport already; its former registration must be disposed first.");
        inlet.Start();
        return new Listening(this, cell, inlet);
    }

    public string? Problem(CellName cell, CellName neighbour)
    {
        var own = _inlets.TryGetValue(cell, out var inlet) && inlet.Problem is { } deaf
            ? $"Nothing is heard: the broker of '{cell}', {ShownOwn(cell)}, {deaf}."
            : null;
        var way = _outlets.TryGetValue((cell, neighbour), out var outlet) && outlet.Problem is { } mute
            ? $"Nothing is sent: the broker of '{neighbour}', {ShownWay(cell, neighbour)}, {mute}."
            : null;
        return own is null ? way : way is null ? own : $"{own} {way}";
    }

    public async ValueTask DisposeAsync()
    {
        // Together: a broker that does not answer any more takes the same time for all.
        IEnumerable<BrokerConnection> all = [.. _inlets.Values, .. _ended, .. _outlets.Values];
        await Task.WhenAll(all.Select(connection => connection.DisposeAsync().AsTask()));
    }

    private string ShownOwn(CellName cell) => BrokerNames.Shown(_options.Own.First(o => o.Cell == cell).Url);

    private string ShownWay(CellName from, CellName to) => BrokerNames.Shown(_options.Ways.First(w => w.From == from && w.To == to).Url);

    private sealed class Listening(RabbitMqTransport transport, CellName cell, Inlet inlet) : IDisposable
    {
        public void Dispose()
        {
            if (!transport._inlets.TryRemove(KeyValuePair.Create(cell, inlet)))
                return;
            inlet.End();
            transport._ended.Add(inlet);
        }
    }
}
