using Microsoft.Extensions.Logging;

namespace Cells.Messaging.Storage;

/// <summary>What storage tells operators. Numbers 1100-1199.</summary>
internal static partial class StorageTelemetry
{
    [LoggerMessage(1100, LogLevel.Information, "Commit attempt {Attempt} wrote nothing and is tried again")]
    public static partial void CommitRetried(ILogger logger, int attempt, Exception error);

    [LoggerMessage(1101, LogLevel.Warning, "The database took nothing in {Attempts} attempts: {Changes} changes were refused. Is it running and reachable?")]
    public static partial void CommitGivenUp(ILogger logger, int changes, int attempts, Exception error);

    [LoggerMessage(1102, LogLevel.Error, "The database refused a change ({Change}); the others of its group are not concerned")]
    public static partial void ChangeRefused(ILogger logger, PendingChange change, Exception error);

    [LoggerMessage(1103, LogLevel.Information, "The answer to group {Group} was lost: its id is looked for")]
    public static partial void AnswerLost(ILogger logger, Guid group, Exception error);

    [LoggerMessage(1104, LogLevel.Information, "Group {Group} was looked for; it was committed: {Held}")]
    public static partial void GroupLookedUp(ILogger logger, Guid group, bool held);

    [LoggerMessage(1105, LogLevel.Warning, "Whether group {Group} was committed could not be asked; nothing else is written until it is known")]
    public static partial void LookUpFailed(ILogger logger, Guid group, Exception error);

    [LoggerMessage(1106, LogLevel.Error, "The asker of a change ({Change}) threw when it was told {Outcome}")]
    public static partial void AskerFailed(ILogger logger, PendingChange change, string outcome, Exception error);

    [LoggerMessage(1120, LogLevel.Information, "Lease {Lease} taken, epoch {Epoch}")]
    public static partial void LeaseTaken(ILogger logger, string lease, long epoch);

    /// <summary>A lease that was given back is a change of state; one that was lost may need a person.</summary>
    [LoggerMessage(EventId = 1121, Message = "Lease {Lease}, epoch {Epoch}, is held no more: {Why}")]
    public static partial void LeaseEnded(ILogger logger, LogLevel level, string lease, long epoch, string why);

    [LoggerMessage(1122, LogLevel.Warning, "Lease {Lease} could not be read; it is read again until it can be")]
    public static partial void LeaseNotRead(ILogger logger, string lease, Exception error);

    [LoggerMessage(1150, LogLevel.Information, "PostgreSQL is missing: installing Debian's package")]
    public static partial void InstallingPostgres(ILogger logger);

    [LoggerMessage(1151, LogLevel.Information, "Private PostgreSQL in {Directory} started: process {Pid}, port {Port}")]
    public static partial void ClusterStarted(ILogger logger, string directory, int pid, int port);

    [LoggerMessage(1152, LogLevel.Information, "Private PostgreSQL in {Directory} was still running and is taken over: process {Pid}, port {Port}")]
    public static partial void ClusterTakenOver(ILogger logger, string directory, int pid, int port);

    [LoggerMessage(1153, LogLevel.Information, "Private PostgreSQL in {Directory} is restarted: {Difference}")]
    public static partial void ClusterRestarted(ILogger logger, string directory, string difference);
}
