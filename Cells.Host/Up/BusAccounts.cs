using Cells.Contracts;
using Cells.Host.Configuration;
using Cells.Messaging.Transports.RabbitMq;

namespace Cells.Host.Up;

/// <summary>The passwords of a data directory's cells at their brokers, and of those of their neighbours that publish there.</summary>
internal sealed class BusAccounts(SecretFiles files)
{
    public string Owner(CellName cell) => files.Text(FileOf(BrokerNames.Owner(cell)));

    public string Publisher(CellName from, CellName to) => files.Text(FileOf(BrokerNames.Publisher(from, to)));

    /// <summary>A password that the broker's owner has given us, or we give to a neighbour's.</summary>
    public void PutPublisher(CellName from, CellName to, string password) => files.Put(FileOf(BrokerNames.Publisher(from, to)), password);

    /// <summary>Where a neighbour of another process hears; null when nobody has said.</summary>
    public Uri? FindBroker(CellName neighbour) => files.Find(BrokerFileOf(neighbour)) is { } url ? new Uri(url) : null;

    public void PutBroker(CellName neighbour, Uri broker) => files.Put(BrokerFileOf(neighbour), broker.ToString());

    /// <summary>Which join token was taken.</summary>
    public string? FindMark(string name) => files.Find(name);

    public void PutMark(string name, string mark) => files.Put(name, mark);

    /// <summary>What the brokers of these cells must know.</summary>
    public string Definitions(Topology topology) => BrokerDefinitions.Of(topology.Cells.Select(cell => new CellAccounts(
        cell.Name,
        Owner(cell.Name),
        [.. topology.NeighboursOf(cell).Select(neighbour => (neighbour.Name, Publisher(neighbour.Name, cell.Name)))])));

    /// <param name="brokerOf">Each cell's broker, neighbours included.</param>
    public RabbitMqOptions Options(Topology topology, Func<CellName, Uri> brokerOf) => new(
        [
            .. topology.Cells.Select(cell => new OwnBroker(
                cell.Name,
                BrokerNames.Url(brokerOf(cell.Name), cell.Name, BrokerNames.Owner(cell.Name), Owner(cell.Name)),
                [.. topology.NeighboursOf(cell).Select(neighbour => neighbour.Name)])),
        ],
        [
            .. from cell in topology.Cells
               from neighbour in topology.NeighboursOf(cell)
               select new WayOut(
                   cell.Name,
                   neighbour.Name,
                   BrokerNames.Url(brokerOf(neighbour.Name), neighbour.Name, BrokerNames.Publisher(cell.Name, neighbour.Name), Publisher(cell.Name, neighbour.Name))),
        ]);

    private static string BrokerFileOf(CellName neighbour) => $"{neighbour}.broker";

    private static string FileOf(string account) => $"{account}.password";
}
