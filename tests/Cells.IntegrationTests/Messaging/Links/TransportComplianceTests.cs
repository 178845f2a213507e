using System.Collections.Concurrent;
using Cells.Contracts;
using Cells.Messaging.Transports;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Links;

/// <summary>What every transport promises. It may lose and reorder; so the tests send until something arrives, and never wait by the clock.</summary>
public abstract class TransportComplianceTests
{
    protected static readonly CellName East = CellName.Parse("east");
    protected static readonly CellName West = CellName.Parse("west");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected abstract Task<ITransport> NewTransportAsync();

    [Test]
    public async Task A_frame_arrives_unchanged_with_the_way_it_came()
    {
        var transport = await NewTransportAsync();
        var arrived = NewCompletion<(CellName From, byte[] Frame)>();
        using var listening = transport.Listen(West, (from, frame) => arrived.TrySetResult((from, frame.ToArray())));
        var sent = Enumerable.Range(0, 100_000).Select(i => (byte)i).ToArray();

        Assert.That(transport.TrySend(East, West, sent), Is.True);

        var (from, frame) = await arrived.Task.WaitAsync(Patience);
        Assert.That(from, Is.EqualTo(East));
        Assert.That(frame, Is.EqualTo(sent));
    }

    [Test]
    public async Task Frames_go_only_to_the_cell_they_are_for()
    {
        var transport = await NewTransportAsync();
        var toEast = new ConcurrentQueue<byte>();
        var arrived = NewCompletion<bool>();
        using var east = transport.Listen(East, (_, frame) => toEast.Enqueue(frame.Span[0]));
        using var west = transport.Listen(West, (_, _) => arrived.TrySetResult(true));

        transport.TrySend(East, West, new byte[] { 1 });

        await arrived.Task.WaitAsync(Patience);
        Assert.That(toEast, Is.Empty);
    }

    [Test]
    public async Task Nobody_hears_after_the_registration_ended_and_a_new_one_hears_again()
    {
        var transport = await NewTransportAsync();
        var former = 0;
        transport.Listen(West, (_, _) => Interlocked.Increment(ref former)).Dispose();
        transport.TrySend(East, West, new byte[] { 1 });

        var arrived = NewCompletion<bool>();
        using var listening = transport.Listen(West, (_, frame) =>
        {
            if (frame.Span[0] == 2)
                arrived.TrySetResult(true);
        });
        transport.TrySend(East, West, new byte[] { 2 });

        await arrived.Task.WaitAsync(Patience);
        Assert.That(former, Is.EqualTo(0));
    }

    [Test]
    public async Task Sending_never_blocks_and_a_full_way_says_so()
    {
        var transport = await NewTransportAsync();
        using var hold = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        using var listening = transport.Listen(West, (_, _) =>
        {
            entered.Set();
            hold.Wait(Patience);
        });

        var first = Task.Run(() => transport.TrySend(East, West, new byte[] { 0 }));
        Assert.That(entered.Wait(Patience), Is.True);
        var refused = false;
        for (var i = 0; i < 200_000 && !refused; i++)
            refused = !transport.TrySend(East, West, new byte[] { 1 });
        hold.Set();
        await first.WaitAsync(Patience);

        Assert.That(refused, Is.True, "a receiver that stands still must not let the way grow without bound");
    }

    protected static TaskCompletionSource<T> NewCompletion<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

public sealed class InProcessTransportTests : TransportComplianceTests
{
    protected override Task<ITransport> NewTransportAsync() => Task.FromResult<ITransport>(new InProcessTransport());

    [Test]
    public void A_frame_for_nobody_is_dropped_and_said_so()
    {
        Assert.That(new InProcessTransport().TrySend(East, West, new byte[] { 1 }), Is.False);
    }

    [Test]
    public void Two_cells_of_one_name_cannot_listen()
    {
        var transport = new InProcessTransport();
        using var first = transport.Listen(East, (_, _) => { });

        Assert.That(() => transport.Listen(East, (_, _) => { }), Throws.InvalidOperationException.With.Message.Contains("'east' listens"));
    }
}
