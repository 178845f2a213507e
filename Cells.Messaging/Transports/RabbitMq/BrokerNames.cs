using Cells.Contracts;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>What things are called at a broker. A cell name has no '.', so the parts of a name cannot run together.</summary>
public static class BrokerNames
{
    /// <summary>What a cell's owner and its own account there are called.</summary>
    public static string VirtualHost(CellName cell) => cell.Value;

    /// <summary>The account with which a cell declares its queues and consumes from them.</summary>
    public static string Owner(CellName cell) => cell.Value;

    /// <summary>The account with which a neighbour publishes into a cell's virtual host.</summary>
    public static string Publisher(CellName from, CellName to) => $"{from}.{to}";

    /// <summary>Queue, and the exchange before it, for what one neighbour sends: the right to write is given by the exchange's name.</summary>
    public static string Queue(CellName neighbour) => $"link.{neighbour}";

    /// <summary>Queue, and the exchange before it, of one node among the cell's own. A cell's name has no '.', so it is no neighbour's.</summary>
    public static string NodeQueue(NodeName node) => $"link.node.{node}";

    /// <summary>The virtual host of a cell at a broker, entered with an account.</summary>
    /// <param name="broker">amqp or amqps with host and port; the rest of it is not used.</param>
    public static Uri Url(Uri broker, CellName virtualHostOf, string account, string password) => new UriBuilder(broker)
    {
        UserName = Uri.EscapeDataString(account),
        Password = Uri.EscapeDataString(password),
        Path = "/" + VirtualHost(virtualHostOf),
    }.Uri;

    /// <summary>A broker's address without secrets: for messages and logs.</summary>
    public static string Shown(Uri url) => $"{url.Host}:{(url.Port > 0 ? url.Port : url.Scheme == "amqps" ? 5671 : 5672)}{url.AbsolutePath}";
}
