using Microsoft.Extensions.Logging;

namespace Cells.Api;

/// <summary>Log events 3000 to 3299: the home side of an API cell.</summary>
internal static partial class HomeTelemetry
{
    [LoggerMessage(3001, LogLevel.Error, "{Method} {Path} ({RequestId}) failed unexpectedly; the client was told 500")]
    public static partial void RequestFailed(ILogger logger, string method, string path, string requestId, Exception error);

    [LoggerMessage(3002, LogLevel.Warning, "The cell's database does not answer; {Path} was refused with 503. Requests succeed again once it is back")]
    public static partial void DatabaseUnavailable(ILogger logger, string path, Exception error);

    [LoggerMessage(3101, LogLevel.Information, "Made the key file {File}; keep it with the data, not with the database")]
    public static partial void KeyMade(ILogger logger, string file);

    [LoggerMessage(3201, LogLevel.Information, "Removed {File}: no image has it (its upload or its image was given up)")]
    public static partial void LeftoverRemoved(ILogger logger, string file);

    [LoggerMessage(3202, LogLevel.Error, "{Method} {Path} ({RequestId}): the cell did not answer in time, and the client was told so (503). Whether it was done is not known")]
    public static partial void CellUnanswered(ILogger logger, string method, string path, string requestId, Exception error);
}
