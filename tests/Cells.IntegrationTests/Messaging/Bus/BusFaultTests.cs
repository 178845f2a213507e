using Cells.Contracts;
using Cells.IntegrationTests.Messaging.Links;
using Cells.Messaging.Links;
using Cells.Messaging.Transports.PrivateBrokers;
using Cells.Messaging.Transports.RabbitMq;
using Cells.TestKit;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Bus;

/// <summary>A link over a real node to which everything happens that happens to brokers: nothing is lost, and the link says what is wrong.</summary>
[NonParallelizable]
public sealed class BusFaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly DerivedLinkKeys _keys = new(new byte[] { 4, 7, 1, 1 });
    private readonly ToldEvents _told = new();
    private PrivateBroker _node = null!;
    private RabbitMqTransport _transport = null!;
    private LinkEnd _parent = null!;
    private LinkEnd _child = null!;

    [SetUp]
    public async Task BeginAsync()
    {
        _node = await TestBroker.SharedAsync();
        _transport = new RabbitMqTransport(TestBroker.OptionsFor(_node.Url), TimeProvider.System, _told);
        _parent = await LinkEnd.CreateAsync("east", "east-1", NeighbourKind.Child, _transport, _keys);
        _child = await LinkEnd.CreateAsync("east-1", "east", NeighbourKind.Parent, _transport, _keys);
        await _parent.StartAsync();
        await _child.StartAsync();
        await _parent.SendAsync(50);
        await _child.AppliedAsync(50, Patience);
    }

    [TearDown]
    public async Task EndAsync()
    {
        await _parent.DisposeAsync();
        await _child.DisposeAsync();
        await _transport.DisposeAsync();
    }

    [Test]
    public async Task A_broker_wiped_and_restarted_in_the_middle_loses_nothing([Values] bool wiped)
    {
        var sending = _parent.SendAsync(2000);
        await _child.AppliedAsync(100, Patience);

        await (wiped ? _node.WipeAsync(CancellationToken.None) : _node.RestartAsync(CancellationToken.None));
        await sending;

        await _child.AppliedAsync(2050, Patience);
        await _parent.OutboxEmptyAsync(Patience);
        Assert.That(_child.Violations, Is.Empty);
        await _parent.ShowsAsync(status => status.Problem is null && status.Health == NeighbourHealth.Up, Patience);
    }

    [Test]
    public async Task While_the_broker_is_away_work_waits_in_the_outbox_and_the_link_says_why()
    {
        await _node.KillAsync(CancellationToken.None);
        await _parent.SendAsync(300);

        await _parent.ShowsAsync(status => status.Health == NeighbourHealth.Down && status.OutboxBacklog == 300, Patience);
        await _parent.ShowsAsync(status => status.Problem is { } problem && problem.Contains("cannot be reached", StringComparison.Ordinal), Patience);
        Assert.That(_parent.Status.Problem, Does.Contain("Nothing is heard: the broker of 'east'").And.Contain("Nothing is sent: the broker of 'east-1'"));

        await _node.RestartAsync(CancellationToken.None);

        await _child.AppliedAsync(350, Patience);
        await _parent.ShowsAsync(status => status.Problem is null && status.OutboxBacklog == 0, Patience);
        Assert.That(_told.Of("east to east-1").Where(told => told.Contains("cannot be reached", StringComparison.Ordinal)), Has.Exactly(1).Items,
            "a broker that stays away is told of once, however often it is tried");
    }

    [Test]
    public async Task A_broker_with_a_memory_alarm_holds_work_back_until_it_has_room_again()
    {
        await _node.ControlAsync(["set_vm_memory_high_watermark", "absolute", "1"], CancellationToken.None);
        await _parent.SendAsync(300);

        await _parent.ShowsAsync(status => status.Problem is { } problem && problem.Contains("takes nothing now, it has an alarm", StringComparison.Ordinal), Patience);

        await _node.ControlAsync(["set_vm_memory_high_watermark", "absolute", $"{1L << 30}"], CancellationToken.None);

        await _child.AppliedAsync(350, Patience);
        await _parent.ShowsAsync(status => status.Problem is null, Patience);
    }

    [Test]
    public async Task A_broker_that_stands_still_is_noticed_and_loses_nothing_when_it_goes_on()
    {
        _node.Pause();
        try
        {
            await _parent.SendAsync(300);
            await _parent.ShowsAsync(status => status.Health == NeighbourHealth.Down && status.Problem is not null, Patience);
        }
        finally
        {
            _node.Continue();
        }

        await _child.AppliedAsync(350, Patience);
        await _parent.ShowsAsync(status => status.Problem is null && status.OutboxBacklog == 0, Patience);
    }

    [Test]
    public async Task Queues_that_somebody_deleted_are_declared_again()
    {
        await BrokerOwner.RemoveQueuesAsync(_node);
        await _parent.SendAsync(300);

        await _child.AppliedAsync(350, Patience);
    }

    /// <summary>What the transport tells operators.</summary>
}
