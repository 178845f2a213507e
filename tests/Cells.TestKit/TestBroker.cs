using Cells.Contracts;
using Cells.Messaging.Transports.PrivateBrokers;
using Cells.Messaging.Transports.RabbitMq;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace Cells.TestKit;

/// <summary>
/// The RabbitMQ node of one test process: made at first use, removed at the end of the assembly. Its cells are east, west and east-1, all
/// neighbours of each other; every account's password is its name.
/// </summary>
public static class TestBroker
{
    private static readonly Lazy<Task<PrivateBroker>> Shared = new(() => StartAsync(Path.Combine(TestCluster.NewDirectory(), "rabbitmq")));

    public static IReadOnlyList<CellName> Cells { get; } = [CellName.Parse("east"), CellName.Parse("west"), CellName.Parse("east-1")];

    public static string Definitions { get; } = BrokerDefinitions.Of(Cells.Select(cell => new CellAccounts(
        cell, BrokerNames.Owner(cell), [.. NeighboursOf(cell).Select(neighbour => (neighbour, BrokerNames.Publisher(neighbour, cell)))])));

    /// <summary>Ignores the test (or fails it where CI=true) when RabbitMQ is not there. Nothing of a former test waits in it.</summary>
    public static async Task<PrivateBroker> SharedAsync()
    {
        RequireRabbitMq();
        var node = await Shared.Value;
        if (!node.IsRunning)
            await node.RestartAsync(CancellationToken.None);
        await BrokerOwner.RemoveQueuesAsync(node);
        return node;
    }

    /// <summary>The same node, as a test in progress has it.</summary>
    public static Task<PrivateBroker> RunningAsync() => Shared.Value;

    /// <summary>A node for one test.</summary>
    public static Task<PrivateBroker> StartAsync(string directory) => PrivateBroker.StartAsync(
        new PrivateBrokerOptions(directory, Definitions), TimeProvider.System, NullLogger.Instance, CancellationToken.None);

    public static void RequireRabbitMq()
    {
        if (File.Exists("/usr/lib/rabbitmq/bin/rabbitmq-server"))
            return;
        const string Missing = "RabbitMQ's server is not on this machine. Install it with: apt-get install rabbitmq-server";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(Missing);
        Assert.Ignore(Missing);
    }

    public static RabbitMqOptions OptionsFor(Uri broker) => new(
        [.. Cells.Select(cell => new OwnBroker(cell, OwnUrl(broker, cell), NeighboursOf(cell)))],
        [.. from cell in Cells from neighbour in NeighboursOf(cell) select new WayOut(cell, neighbour, WayUrl(broker, cell, neighbour))]);

    public static Uri OwnUrl(Uri broker, CellName cell) => BrokerNames.Url(broker, cell, BrokerNames.Owner(cell), BrokerNames.Owner(cell));

    public static Uri WayUrl(Uri broker, CellName from, CellName to) =>
        BrokerNames.Url(broker, to, BrokerNames.Publisher(from, to), BrokerNames.Publisher(from, to));

    /// <summary>At the end of a test assembly. Nothing happens when no test asked for the node.</summary>
    public static async Task RemoveAsync()
    {
        if (!Shared.IsValueCreated)
            return;
        var node = await Shared.Value;
        await node.RemoveAsync(CancellationToken.None);
        Directory.Delete(Path.GetDirectoryName(node.Directory)!, recursive: true);
    }

    private static CellName[] NeighboursOf(CellName cell) => [.. Cells.Where(other => other != cell)];
}
