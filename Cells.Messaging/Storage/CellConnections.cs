using Npgsql;

namespace Cells.Messaging.Storage;

/// <summary>
/// The connections of one cell, three at most: one that the committer holds, two for reads. Built from one connection string, so that
/// every cell of a process behaves alike whatever its owner wrote there.
/// </summary>
internal static class CellConnections
{
    public const int Reads = 2;

    public static NpgsqlDataSource ForReads(string connectionString) => Build(connectionString, settings =>
    {
        settings.MaxPoolSize = Reads;
        settings.ApplicationName = "cells read";
    });

    public static NpgsqlDataSource ForCommits(string connectionString) => Build(connectionString, settings =>
    {
        settings.MaxPoolSize = 1;
        settings.ApplicationName = "cells commit";
        // A transaction whose client is gone behind a dead network keeps its locks until the server notices: 15 s is above any group's
        // time and below what TCP takes.
        settings.Options = $"{settings.Options} -c idle_in_transaction_session_timeout=15000".TrimStart();
    });

    private static NpgsqlDataSource Build(string connectionString, Action<NpgsqlConnectionStringBuilder> adjust)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = true,
            MinPoolSize = 0,
            // Parsing and planning cost more than running a small group; a cell has fewer than 100 different statements.
            MaxAutoPrepare = 100,
            AutoPrepareMinUsages = 2,
            // Nothing of ours sets session state, and DISCARD ALL would throw the prepared statements away.
            NoResetOnClose = true,
            Timeout = 5,
            CommandTimeout = 30,
            KeepAlive = 0,
        };
        adjust(settings);
        return NpgsqlDataSource.Create(settings);
    }
}
