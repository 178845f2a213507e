using Cells.Contracts;
using Cells.Messaging.Transports.RabbitMq;
using Cells.TestKit;
using NUnit.Framework;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Cells.IntegrationTests.Messaging.Bus;

/// <summary>A neighbour's account at a cell's broker may publish to its own exchange there. Whatever else it tries, the broker itself refuses.</summary>
[NonParallelizable]
public sealed class BrokerRightsTests
{
    private const ushort AccessRefused = 403;

    private static readonly CellName East = CellName.Parse("east");
    private static readonly CellName West = CellName.Parse("west");

    private Uri _broker = null!;
    private IConnection _neighbour = null!;

    /// <summary>West has declared its queues; east's account for publishing there is connected.</summary>
    [SetUp]
    public async Task Connect()
    {
        _broker = (await TestBroker.SharedAsync()).Url;
        await using var owner = await BrokerOwner.ConnectAsync(TestBroker.OwnUrl(_broker, West));
        await using var channel = await owner.CreateChannelAsync();
        foreach (var queue in new[] { "link.east", "link.east-1" })
        {
            await channel.ExchangeDeclareAsync(queue, ExchangeType.Fanout, durable: true);
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync(queue, queue, "");
        }
        _neighbour = await BrokerOwner.ConnectAsync(TestBroker.WayUrl(_broker, East, West));
    }

    [TearDown]
    public async Task Disconnect() => await _neighbour.DisposeAsync();

    [Test]
    public async Task It_publishes_to_its_own_queue()
    {
        await using var channel = await ConfirmingAsync();

        await channel.BasicPublishAsync("link.east", "", new byte[] { 7 });

        await using var owner = await BrokerOwner.ConnectAsync(TestBroker.OwnUrl(_broker, West));
        await using var reading = await owner.CreateChannelAsync();
        Assert.That((await reading.BasicGetAsync("link.east", autoAck: true))?.Body.ToArray(), Is.EqualTo(new byte[] { 7 }));
    }

    [TestCase("link.east-1", "", TestName = "It_may_not_publish_to_the_queue_of_another_neighbour")]
    [TestCase("", "link.east-1", TestName = "It_may_not_publish_by_the_default_exchange")]
    [TestCase("", "link.east", TestName = "It_may_not_publish_by_the_default_exchange_even_to_its_own_queue")]
    [TestCase("amq.topic", "x", TestName = "It_may_not_publish_by_an_exchange_of_the_broker")]
    public async Task It_may_not_publish_elsewhere(string exchange, string key)
    {
        await using var channel = await ConfirmingAsync();

        await AssertRefusedAsync(() => channel.BasicPublishAsync(exchange, key, new byte[] { 7 }).AsTask());
    }

    [Test]
    public Task It_may_not_read_even_its_own_queue() => AssertRefusedAsync(channel => channel.BasicGetAsync("link.east", autoAck: true));

    [Test]
    public Task It_may_not_consume() => AssertRefusedAsync(channel => channel.BasicConsumeAsync("link.east", autoAck: true, new AsyncDefaultBasicConsumer(channel)));

    [Test]
    public Task It_may_not_declare_a_queue() => AssertRefusedAsync(channel => channel.QueueDeclareAsync("mine"));

    [Test]
    public Task It_may_not_declare_its_own_queue_otherwise() => AssertRefusedAsync(channel => channel.QueueDeclareAsync("link.east", durable: false));

    [Test]
    public Task It_may_not_empty_its_queue() => AssertRefusedAsync(channel => channel.QueuePurgeAsync("link.east"));

    [Test]
    public Task It_may_not_delete_its_queue() => AssertRefusedAsync(channel => channel.QueueDeleteAsync("link.east"));

    [Test]
    public Task It_may_not_bind_its_queue_elsewhere() => AssertRefusedAsync(channel => channel.QueueBindAsync("link.east", "link.east-1", ""));

    [Test]
    public void It_may_not_enter_the_virtual_host_of_another_cell()
    {
        var account = BrokerNames.Publisher(East, West);
        var elsewhere = BrokerNames.Url(_broker, CellName.Parse("east-1"), account, account);

        var refused = Assert.ThrowsAsync<CellsException>(() => BrokerCheck.EnterAsync(elsewhere, CancellationToken.None));

        Assert.That(refused.Message, Does.Contain("does not allow it").And.Contain("east-1"));
    }

    private Task<IChannel> ConfirmingAsync() => _neighbour.CreateChannelAsync(new CreateChannelOptions(true, true, null));

    private async Task AssertRefusedAsync(Func<IChannel, Task> attempt)
    {
        await using var channel = await _neighbour.CreateChannelAsync();
        await AssertRefusedAsync(() => attempt(channel));
    }

    private static async Task AssertRefusedAsync(Func<Task> attempt)
    {
        OperationInterruptedException? refused = null;
        try
        {
            await attempt();
        }
        catch (OperationInterruptedException error)
        {
            refused = error;
        }
        Assert.That(refused?.ShutdownReason?.ReplyCode, Is.EqualTo(AccessRefused), "the broker itself must refuse it");
    }
}
