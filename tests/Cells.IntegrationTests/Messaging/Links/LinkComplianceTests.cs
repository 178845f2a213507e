using Cells.Contracts;
using Cells.Messaging.Links;
using Cells.Messaging.Transports;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Links;

/// <summary>Two whole cells with a PostgreSQL database each, over the transport under test: what a link promises whatever carries it.</summary>
public abstract class LinkComplianceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DerivedLinkKeys _keys = new(new byte[] { 4, 7, 1, 1 });
    private ITransport _inner = null!;
    private FaultyTransport _transport = null!;
    private LinkEnd _parent = null!;
    private LinkEnd _child = null!;

    protected abstract Task<ITransport> NewTransportAsync();

    /// <summary>Everything that is on the way is gone, as when a broker's disk is wiped. In process nothing lies still, so the next frames go.</summary>
    private protected virtual Task WipeAsync(FaultyTransport transport)
    {
        transport.LoseNext = 20;
        return Task.CompletedTask;
    }

    [SetUp]
    public async Task Begin()
    {
        _inner = await NewTransportAsync();
        _transport = new FaultyTransport(_inner, seed: 4711);
        _parent = await LinkEnd.CreateAsync("east", "east-1", NeighbourKind.Child, _transport, _keys);
        _child = await LinkEnd.CreateAsync("east-1", "east", NeighbourKind.Parent, _transport, _keys);
    }

    [TearDown]
    public async Task End()
    {
        await _parent.DisposeAsync();
        await _child.DisposeAsync();
        if (_inner is IAsyncDisposable connected)
            await connected.DisposeAsync();
    }

    [Test]
    public async Task Work_goes_both_ways_in_order_per_key_and_leaves_no_row_behind()
    {
        await StartBothAsync();

        await Task.WhenAll(_parent.SendAsync(600), _child.SendAsync(600));

        await ArrivedAsync(600, 600);
        await _parent.OutboxEmptyAsync(Patience);
        await _child.OutboxEmptyAsync(Patience);
    }

    [Test]
    public async Task Nothing_is_lost_or_done_twice_when_frames_are_lost_doubled_and_swapped()
    {
        _transport.Faults = (Lost: 10, Doubled: 10, Swapped: 10);
        await StartBothAsync();

        await Task.WhenAll(_parent.SendAsync(200), _child.SendAsync(200));

        await ArrivedAsync(200, 200);
    }

    [Test]
    public async Task Work_committed_before_the_neighbour_was_ever_heard_arrives_when_it_comes()
    {
        await _parent.StartAsync();
        await _parent.SendAsync(300);

        await _child.StartAsync();

        await _child.AppliedAsync(300, Patience);
    }

    [Test]
    public async Task A_restart_of_either_side_in_the_middle_loses_nothing([Values] bool ofTheReceiver)
    {
        await StartBothAsync();
        var sending = _parent.SendAsync(400);
        await _child.AppliedAsync(20, Patience);
        await sending;

        await (ofTheReceiver ? _child : _parent).RestartAsync();

        await ArrivedAsync(400, 0);
    }

    [Test]
    public async Task A_wiped_transport_loses_nothing()
    {
        await StartBothAsync();
        var sending = _parent.SendAsync(400);
        await _child.AppliedAsync(20, Patience);

        await WipeAsync(_transport);
        await sending;

        await ArrivedAsync(400, 0);
    }

    [Test]
    public async Task Forged_frames_are_refused_and_the_link_lives_on()
    {
        await StartBothAsync();
        await _parent.SendAsync(1);
        await ArrivedAsync(1, 0);

        var (from, to, frame) = _transport.Last!.Value;
        frame[^1] ^= 1;
        var end = to == _child.Name ? _child : _parent;
        var before = end.Status.Refused;
        _transport.TrySend(from, to, frame);
        await _parent.SendAsync(1);

        await ArrivedAsync(2, 0);
        await end.ShowsAsync(status => status.Refused > before, Patience);
    }

    [Test]
    public async Task State_of_the_child_converges_at_the_parent_with_the_newest_values()
    {
        await StartBothAsync();

        for (var round = 1; round <= 3; round++)
            await _child.ChangeRowsAsync(400, $"v{round}");

        await _parent.CopiesAsync(400, "v3", Patience);
    }

    [Test]
    public async Task A_lane_above_its_bound_is_full_until_the_neighbour_has_caught_up()
    {
        await _parent.StartAsync();
        await _parent.SendAsync((int)LinkBoard.MostBacklog + 1);
        await _parent.ShowsAsync(status => status.OutboxBacklog > LinkBoard.MostBacklog, Patience);
        Assert.That(_parent.Links.IsFull(_child.Name), Is.True);

        await _child.StartAsync();

        await _child.AppliedAsync((int)LinkBoard.MostBacklog + 1, Patience);
        await _parent.ShowsAsync(status => status.OutboxBacklog == 0, Patience);
        Assert.That(_parent.Links.IsFull(_child.Name), Is.False);
    }

    [Test]
    public async Task A_parked_message_is_listed_and_retried()
    {
        await StartBothAsync();
        _child.Fail = true;
        await _parent.SendAsync(LinkEnd.Keys * 2);
        await _child.ShowsAsync(status => status.Parked == LinkEnd.Keys * 2, Patience);
        var parked = await _child.Links.Parked.ListAsync(CancellationToken.None);
        Assert.That(parked, Has.Count.EqualTo(LinkEnd.Keys * 2));
        Assert.That(parked[0].Reason, Is.EqualTo("told to fail"));

        _child.Fail = false;
        foreach (var key in parked.Select(message => message.OrderKey).Distinct())
            _child.Links.Parked.Retry(_parent.Name, key);

        await _child.AppliedAsync(LinkEnd.Keys * 2, Patience);
        await _child.ShowsAsync(status => status.Parked == 0, Patience);
        Assert.That(await _child.Links.Parked.ListAsync(CancellationToken.None), Is.Empty);
    }

    [Test]
    public async Task A_database_that_went_back_is_noticed_and_what_it_lost_is_driven_again()
    {
        await StartBothAsync();
        await _parent.SendAsync(100);
        await ArrivedAsync(100, 0);
        await _parent.OutboxEmptyAsync(Patience);

        // The child falls back to a state in which it had received half of it.
        await _child.StopAsync();
        await _child.ExecuteAsync("update link_progress set work_watermark = 50");
        await _child.ForgetEffectsAboveAsync(50);
        await _child.StartAsync();

        await _parent.ResetAsync(Patience);
        await _parent.SendAgainAsync(51, 100);
        await ArrivedAsync(100, 0);
        Assert.That(await _parent.QueryAsync<bool>("select reset_owed from link_progress"), Is.EqualTo(new[] { false }));
        Assert.That(await _parent.QueryAsync<long>("select last_work_number from link"), Is.EqualTo(new[] { 50L }));
    }

    private async Task StartBothAsync()
    {
        await _parent.StartAsync();
        await _child.StartAsync();
    }

    private async Task ArrivedAsync(int down, int up)
    {
        await _child.AppliedAsync(down, Patience);
        await _parent.AppliedAsync(up, Patience);
        Assert.That(_child.Violations.Concat(_parent.Violations), Is.Empty);
    }
}

public sealed class InProcessLinkTests : LinkComplianceTests
{
    protected override Task<ITransport> NewTransportAsync() => Task.FromResult<ITransport>(new InProcessTransport());
}
