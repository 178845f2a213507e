using Cells.Contracts;
using Cells.Messaging.Storage.PrivateClusters;
using Cells.Messaging.Transports.RabbitMq;
using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Transports.PrivateBrokers;

/// <summary>Where RabbitMQ's programs are. Those in /usr/sbin insist on root or the user rabbitmq; these run as whoever starts them.</summary>
internal static class RabbitMqBinaries
{
    public const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    public const string Control = "/usr/lib/rabbitmq/bin/rabbitmqctl";
    public const string PortMapper = "/usr/bin/epmd";

    private const string HowToInstall = "Install it with: apt-get install rabbitmq-server";

    public static bool AreThere => File.Exists(Server) && File.Exists(PortMapper);

    /// <exception cref="CellsException">They are not there and may not or cannot be installed; the message says what to type.</exception>
    public static async Task EnsureAsync(bool mayInstall, ILogger logger, CancellationToken stop)
    {
        if (AreThere)
            return;
        if (!mayInstall || !DebianPackage.MayInstall)
            throw new CellsException($"RabbitMQ's server is not on this machine ({Server}). {HowToInstall}");
        BusTelemetry.InstallingRabbitMq(logger);
        await DebianPackage.InstallAsync("rabbitmq-server", stop);
        if (!AreThere)
            throw new CellsException($"The package was installed, but no server appeared at {Server}. {HowToInstall}");
    }
}
