using System.Net;
using System.Net.Sockets;

namespace Cells.Messaging.Transports.PrivateBrokers;

/// <param name="Amqp">For clients.</param>
/// <param name="Distribution">For rabbitmqctl.</param>
/// <param name="PortMapper">Of the node's own epmd.</param>
internal sealed record BrokerPorts(int Amqp, int Distribution, int PortMapper)
{
    public const string AmqpVariable = "RABBITMQ_NODE_PORT";
    public const string DistributionVariable = "RABBITMQ_DIST_PORT";
    public const string PortMapperVariable = "ERL_EPMD_PORT";

    /// <summary>Those that a running node was started with.</summary>
    public static BrokerPorts Of(ServerProcess node) => new(node.Number(AmqpVariable), node.Number(DistributionVariable), node.Number(PortMapperVariable));

    public static BrokerPorts Free()
    {
        // All open at once, so that they differ.
        var listeners = Enumerable.Range(0, 3).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.ConvertAll(listener => ((IPEndPoint)listener.LocalEndpoint).Port);
        listeners.ForEach(listener => listener.Dispose());
        return new BrokerPorts(ports[0], ports[1], ports[2]);
    }
}
