using Cells.Contracts;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>The brokers that the cells of one process use.</summary>
/// <param name="Own">Where each cell of this process hears its neighbours.</param>
/// <param name="Ways">Where each cell of this process sends to each of its neighbours.</param>
public sealed record RabbitMqOptions(IReadOnlyList<OwnBroker> Own, IReadOnlyList<WayOut> Ways)
{
    /// <summary>Frames that may wait in one queue of a broker: as many as a link's actor takes (<see cref="Links.LinkBoard"/>).</summary>
    public int FramesPerQueue { get; init; } = 1024;

    /// <summary>Bytes that may wait in one queue of a broker, and in this process for one way.</summary>
    public long BytesPerQueue { get; init; } = 64L << 20;
}

/// <summary>A cell's own broker, or its virtual host on a shared one. Nobody else consumes there.</summary>
/// <param name="Url">amqp or amqps, with account, password and virtual host: never shown whole.</param>
/// <param name="Neighbours">Each has one queue there.</param>
public sealed record OwnBroker(CellName Cell, Uri Url, IReadOnlyList<CellName> Neighbours);

/// <summary>The broker of a neighbour, where the account may publish to this one way and nothing else.</summary>
public sealed record WayOut(CellName From, CellName To, Uri Url);
