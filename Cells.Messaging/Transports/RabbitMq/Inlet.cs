using Cells.Contracts;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>
/// Hears one cell's neighbours, or its other nodes, at its own broker: declares a bounded queue for each at every connection, and hands over what comes. Nothing in a
/// queue counts, so the broker's own acknowledgement only makes room there.
/// </summary>
/// <param name="queues">Each with whose frames are in it.</param>
internal sealed class Inlet(
    string way, Uri url, IReadOnlyList<(string Queue, CellName From)> queues, RabbitMqOptions options, Action<CellName, ReadOnlyMemory<byte>> receive, TimeProvider time,
    ILogger logger)
    : BrokerConnection(way, url, time, logger)
{
    private const ushort Prefetch = 128;
    private const ushort ArgumentsDiffer = 406;      // AMQP 0-9-1, precondition-failed

    // The lanes send again after 2 s and say hello each second: an older frame is of no use to anybody.
    private const int FrameLivesMilliseconds = 10_000;

    private bool _renewed;

    protected override async Task ServeAsync(IConnection connection, CancellationToken lost)
    {
        foreach (var (queue, _) in queues)
            await DeclareAsync(connection, queue, lost);
        _renewed = true;
        await using var channel = await connection.CreateChannelAsync(cancellationToken: lost);
        await channel.BasicQosAsync(prefetchSize: 0, Prefetch, global: false, lost);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, shutdown) =>
        {
            ended.TrySetException(new OperationInterruptedException(shutdown));
            return Task.CompletedTask;
        };
        foreach (var (queue, from) in queues)
            await channel.BasicConsumeAsync(queue, autoAck: false, new FrameConsumer(channel, from, HandOver, ended), lost);
        ShowOpen();
        await ended.Task.WaitAsync(lost);
    }

    private void HandOver(CellName from, ReadOnlyMemory<byte> frame)
    {
        // An empty one only asked whether the queue is there.
        if (!IsEnding && frame.Length > 0)
            receive(from, frame);
    }

    private async Task DeclareAsync(IConnection connection, string queue, CancellationToken stop)
    {
        try
        {
            await DeclareOnAsync(connection, queue, removeFirst: false, stop);
        }
        catch (OperationInterruptedException refused) when (refused.ShutdownReason?.ReplyCode == ArgumentsDiffer)
        {
            BusTelemetry.Redeclared(Logger, Way, queue);
            await DeclareOnAsync(connection, queue, removeFirst: true, stop);
        }
    }

    private async Task DeclareOnAsync(IConnection connection, string queue, bool removeFirst, CancellationToken stop)
    {
        // A channel of its own: a refusal closes it.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stop);
        // Whoever listens has the right to the cell: a former process that stands still would keep the queue's one consumer until its heartbeats are missed.
        if (removeFirst || !_renewed)
            await channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false, cancellationToken: stop);
        if (removeFirst)
            await channel.ExchangeDeleteAsync(queue, cancellationToken: stop);
        var bounds = new Dictionary<string, object?>
        {
            ["x-max-length"] = options.FramesPerQueue,
            ["x-max-length-bytes"] = options.BytesPerQueue,
            ["x-overflow"] = "reject-publish",
            ["x-message-ttl"] = FrameLivesMilliseconds,
            // A former process of this cell that goes on after it stood still declares again, and hears nothing while its successor does.
            ["x-single-active-consumer"] = true,
        };
        await channel.ExchangeDeclareAsync(queue, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: stop);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, bounds, cancellationToken: stop);
        await channel.QueueBindAsync(queue, exchange: queue, routingKey: "", cancellationToken: stop);
    }

    /// <summary>One neighbour's queue.</summary>
    private sealed class FrameConsumer(IChannel channel, CellName from, Action<CellName, ReadOnlyMemory<byte>> handOver, TaskCompletionSource ended)
        : AsyncDefaultBasicConsumer(channel)
    {
        public override async Task HandleBasicDeliverAsync(
            string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties,
            ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
        {
            try
            {
                handOver(from, body.ToArray());              // the library takes its memory back after this call
                await Channel.BasicAckAsync(deliveryTag, multiple: false, cancellationToken);
            }
            catch (Exception error)
            {
                ended.TrySetException(error);                // the library would only count it
            }
        }

        /// <summary>The queue was deleted, or its virtual host: all is declared anew.</summary>
        public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
        {
            ended.TrySetException(new OperationInterruptedException(new ShutdownEventArgs(ShutdownInitiator.Peer, 404, $"the queue of '{from}' is gone")));
            return Task.CompletedTask;
        }
    }
}
