namespace Cells.Messaging.Storage.PrivateClusters;

/// <param name="Directory">The cluster's own directory: new or empty, or one that a private cluster was made in before.</param>
public sealed record PrivateClusterOptions(string Directory)
{
    /// <summary>False only where nothing must survive a power cut: tests and stepped worlds.</summary>
    public bool Fsync { get; init; } = true;

    /// <summary>Three for each cell, and a few for tools.</summary>
    public int MaxConnections { get; init; } = 100;

    /// <summary>
    /// For stepped worlds: what the server does by itself (autovacuum, synchronised scans, parallel workers, compilation) is off, so that the
    /// same statements give the same rows in the same order.
    /// </summary>
    public bool Stepped { get; init; }

    /// <summary>When PostgreSQL is missing and this process is root on Debian: install the distribution's package.</summary>
    public bool MayInstall { get; init; }

    /// <summary>How long a start may take, tries included: a server killed before leaves its memory segment behind for a while.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    internal IEnumerable<(string Name, string Value)> Settings()
    {
        yield return ("listen_addresses", "127.0.0.1");
        yield return ("unix_socket_directories", "");
        yield return ("max_connections", MaxConnections.ToString(System.Globalization.CultureInfo.InvariantCulture));
        yield return ("fsync", Fsync ? "on" : "off");
        yield return ("synchronous_commit", Fsync ? "on" : "off");
        yield return ("full_page_writes", Fsync ? "on" : "off");
        yield return ("log_min_messages", "warning");
        if (!Stepped)
            yield break;
        yield return ("autovacuum", "off");
        yield return ("synchronize_seqscans", "off");
        yield return ("jit", "off");
        yield return ("max_parallel_workers_per_gather", "0");
    }
}
