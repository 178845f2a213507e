namespace Cells.Messaging.Transports.PrivateBrokers;

/// <param name="Directory">The node's own directory: new or empty, or one that a private node was made in before.</param>
/// <param name="Definitions">Accounts, virtual hosts and rights that it has from its start on: <see cref="RabbitMq.BrokerDefinitions"/>.</param>
public sealed record PrivateBrokerOptions(string Directory, string Definitions)
{
    /// <summary>When RabbitMQ is missing and this process is root on Debian: install the distribution's package.</summary>
    public bool MayInstall { get; init; }

    /// <summary>Above it the node takes no more frames (RabbitMQ docs, "Memory Threshold and Limit").</summary>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>Below it the node takes no more frames.</summary>
    public long DiskFreeBytes { get; init; } = 64L << 20;

    /// <summary>How long a start may take, tries included. A quiet machine needs 3 s, a busy one 12.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(120);
}
