using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Storage;

/// <summary>What storage tells operators. Numbers 1100-1199.</summary>
internal static partial class StorageTelemetry
{
    [LoggerMessage(1150, LogLevel.Information, "PostgreSQL is missing: installing Debian's package")]
    public static partial void InstallingPostgres(ILogger logger);

    [LoggerMessage(1151, LogLevel.Information, "Private PostgreSQL in {Directory} started: process {Pid}, port {Port}")]
    public static partial void ClusterStarted(ILogger logger, string directory, int pid, int port);

    [LoggerMessage(1152, LogLevel.Information, "Private PostgreSQL in {Directory} was still running and is taken over: process {Pid}, port {Port}")]
    public static partial void ClusterTakenOver(ILogger logger, string directory, int pid, int port);

    [LoggerMessage(1153, LogLevel.Information, "Private PostgreSQL in {Directory} is restarted: {Difference}")]
    public static partial void ClusterRestarted(ILogger logger, string directory, string difference);
}
