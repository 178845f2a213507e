using Cells.IntegrationTests.Messaging.Links;
using Cells.Messaging.Transports;
using Cells.Messaging.Transports.RabbitMq;
using Cells.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.IntegrationTests.Messaging.Bus;

/// <summary>What every transport promises, over a real node.</summary>
[NonParallelizable]
public sealed class RabbitMqTransportTests : TransportComplianceTests
{
    private RabbitMqTransport? _transport;

    [TearDown]
    public async Task EndAsync()
    {
        if (_transport is not null)
            await _transport.DisposeAsync();
    }

    [Test]
    public async Task A_way_that_is_not_configured_is_refused_at_once()
    {
        var transport = await NewTransportAsync();

        Assert.That(transport.TrySend(East, East, new byte[] { 1 }), Is.False);
    }

    [Test]
    public async Task Two_registrations_of_one_cell_cannot_be()
    {
        var transport = await NewTransportAsync();
        using var first = transport.Listen(East, (_, _) => { });

        Assert.That(() => transport.Listen(East, (_, _) => { }), Throws.InvalidOperationException.With.Message.Contains("'east' listens"));
    }

    protected override async Task<ITransport> NewTransportAsync() =>
        _transport = new RabbitMqTransport(TestBroker.OptionsFor((await TestBroker.SharedAsync()).Url), TimeProvider.System, NullLogger.Instance);
}

/// <summary>What a link promises, over a real node, which is wiped for good where the suite asks for it.</summary>
[NonParallelizable]
public sealed class RabbitMqLinkTests : LinkComplianceTests
{
    protected override async Task<ITransport> NewTransportAsync() =>
        new RabbitMqTransport(TestBroker.OptionsFor((await TestBroker.SharedAsync()).Url), TimeProvider.System, NullLogger.Instance);

    /// <summary>The node dies, and comes back with an empty disk.</summary>
    private protected override async Task WipeAsync(FaultyTransport transport) =>
        await (await TestBroker.RunningAsync()).WipeAsync(CancellationToken.None);
}
