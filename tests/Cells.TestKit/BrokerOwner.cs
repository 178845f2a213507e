using Cells.Messaging.Transports.PrivateBrokers;
using Cells.Messaging.Transports.RabbitMq;
using RabbitMQ.Client;

namespace Cells.TestKit;

/// <summary>Acts at a test's node as the cells' owners may.</summary>
public static class BrokerOwner
{
    /// <summary>Every queue and exchange of the cells is gone; their owners declare them again.</summary>
    public static async Task RemoveQueuesAsync(PrivateBroker node)
    {
        foreach (var cell in TestBroker.Cells)
        {
            await using var connection = await ConnectAsync(TestBroker.OwnUrl(node.Url, cell));
            await using var channel = await connection.CreateChannelAsync();
            foreach (var neighbour in TestBroker.Cells)
            {
                await channel.QueueDeleteAsync(BrokerNames.Queue(neighbour));
                await channel.ExchangeDeleteAsync(BrokerNames.Queue(neighbour));
            }
        }
    }

    public static Task<IConnection> ConnectAsync(Uri url) => new ConnectionFactory { Uri = url, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
}
