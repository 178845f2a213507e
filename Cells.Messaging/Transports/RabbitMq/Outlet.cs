using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>
/// Publishes what one cell sends to one neighbour, or one node to another. A bounded number of frames waits here; the broker's confirms hold back the next batch and say
/// nothing about delivery. While the broker is away or full, frames are refused: the lane has them still.
/// </summary>
/// <param name="exchange">That leads to the receiver's queue.</param>
internal sealed class Outlet(string way, Uri url, string exchange, int mostFrames, long mostBytes, TimeProvider time, ILogger logger) : BrokerConnection(way, url, time, logger)
{
    private const int FramesPerBatch = 64;

    private static readonly TimeSpan ConfirmWithin = TimeSpan.FromSeconds(10);

    // The queue at the broker is full: its reader is behind, and hears of more soon enough.
    private static readonly TimeSpan PauseWhenFull = TimeSpan.FromMilliseconds(100);

    private readonly Channel<ReadOnlyMemory<byte>> _waiting = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        new BoundedChannelOptions(mostFrames) { SingleReader = true });

    private long _bytes;
    private bool _wasOpen;

    // What comes before the way was ever open may wait for it; afterwards only an open way takes anything.
    private volatile bool _refuses;

    public bool TrySend(ReadOnlyMemory<byte> frame)
    {
        if (_refuses || IsEnding)
        {
            BusTelemetry.Drop("broker-away");
            return false;
        }
        if (Interlocked.Add(ref _bytes, frame.Length) <= mostBytes && _waiting.Writer.TryWrite(frame))
            return true;
        Interlocked.Add(ref _bytes, -frame.Length);
        BusTelemetry.Drop("way-full");
        return false;
    }

    protected override async Task ServeAsync(IConnection connection, CancellationToken lost)
    {
        var blocked = false;
        connection.ConnectionBlockedAsync += (_, told) =>
        {
            blocked = _refuses = true;
            ShowProblem($"takes nothing now, it has an alarm ({told.Reason})");
            return Task.CompletedTask;
        };
        connection.ConnectionUnblockedAsync += (_, _) =>
        {
            blocked = _refuses = false;
            ShowOpen();
            return Task.CompletedTask;
        };
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, outstandingPublisherConfirmationsRateLimiter: null);
        await using var channel = await connection.CreateChannelAsync(confirmed, lost);
        await ProbeAsync(channel, lost);
        (_wasOpen, _refuses) = (true, false);
        ShowOpen();
        var batch = new List<Task<bool>>(FramesPerBatch);
        while (await _waiting.Reader.WaitToReadAsync(lost))
        {
            batch.Clear();
            while (batch.Count < FramesPerBatch && TryTake(out var frame))
                batch.Add(PublishAsync(channel, frame, lost));
            var all = Task.WhenAll(batch);
            while (!await IsDoneAsync(all))
                if (!Volatile.Read(ref blocked))
                    throw new TimeoutException();
            var refused = (await all).Count(isConfirmed => !isConfirmed);
            BusTelemetry.Published.Add(batch.Count - refused);
            BusTelemetry.Drop("queue-full", refused);
            if (refused > 0)
                await Task.Delay(PauseWhenFull, Time, lost);
        }
    }

    protected override void OnLost()
    {
        if (!_wasOpen)
            return;
        _refuses = true;
        var dropped = 0L;
        while (TryTake(out _))
            dropped++;
        BusTelemetry.Drop("broker-away", dropped);
    }

    private bool TryTake(out ReadOnlyMemory<byte> frame)
    {
        if (!_waiting.Reader.TryRead(out frame))
            return false;
        Interlocked.Add(ref _bytes, -frame.Length);
        return true;
    }

    /// <summary>
    /// An empty frame that must reach the queue: its owner may not have declared it yet, or may have lost it with its broker, and then there is no use
    /// in sending. Refused with 404, or returned, when nothing is there.
    /// </summary>
    private async Task ProbeAsync(IChannel channel, CancellationToken lost)
    {
        try
        {
            await channel.BasicPublishAsync(exchange, routingKey: "", mandatory: true, new BasicProperties(), ReadOnlyMemory<byte>.Empty, lost)
                .AsTask().WaitAsync(ConfirmWithin, Time, lost);
        }
        catch (PublishException refused) when (!refused.IsReturn)
        {
            // The queue is there, and full.
        }
    }

    /// <returns>False when the broker's queue is full.</returns>
    private async Task<bool> PublishAsync(IChannel channel, ReadOnlyMemory<byte> frame, CancellationToken lost)
    {
        try
        {
            // Not persistent: what a broker loses comes again.
            await channel.BasicPublishAsync(exchange, routingKey: "", mandatory: false, new BasicProperties(), frame, lost);
            return true;
        }
        catch (PublishException)
        {
            return false;
        }
    }

    private async Task<bool> IsDoneAsync(Task all)
    {
        try
        {
            await all.WaitAsync(ConfirmWithin, Time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
