using Cells.Contracts;
using RabbitMQ.Client;

namespace Cells.Messaging.Transports.RabbitMq;

/// <summary>Enters a broker once, to find at a start what would otherwise be found in a log.</summary>
public static class BrokerCheck
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    /// <param name="url">With account and virtual host.</param>
    /// <exception cref="CellsException">It does not let us in; the message says why.</exception>
    public static async Task EnterAsync(Uri url, CancellationToken stop)
    {
        var factory = new ConnectionFactory { Uri = url, AutomaticRecoveryEnabled = false, RequestedConnectionTimeout = Within, HandshakeContinuationTimeout = Within };
        try
        {
            await using var connection = await factory.CreateConnectionAsync(stop);
            // The library takes the connection for open before the broker has judged the virtual host.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: stop);
        }
        catch (Exception error) when (!stop.IsCancellationRequested && BrokerProblem.Of(error, url) is { } problem)
        {
            throw new CellsException($"The broker {BrokerNames.Shown(url)} {problem}.", error);
        }
    }
}
