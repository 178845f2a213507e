using System.Globalization;
using System.Text.Json.Nodes;

namespace Cells.Host.Commands.Output;

/// <summary>Spans of time as people say them: one unit, rounded down.</summary>
internal static class Ages
{
    /// <param name="seconds">Less than nothing (another clock is ahead) counts as nothing.</param>
    public static string Of(double seconds) => seconds switch
    {
        < 1 => "0s",
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{(long)seconds}s"),
        < 7_200 => string.Create(CultureInfo.InvariantCulture, $"{(long)seconds / 60}m"),
        < 172_800 => string.Create(CultureInfo.InvariantCulture, $"{(long)seconds / 3_600}h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)seconds / 86_400}d"),
    };

    /// <summary>How old what a row shows may be: of a cell that is heard its last news, and "silent" where it is not.</summary>
    public static Column Seen { get; } = new("SEEN", row => (bool?)row["silent"] == true
        ? row["heard_seconds_ago"] is { } last ? $"silent {Of((double)last)}" : "silent, never heard"
        : row["heard_seconds_ago"] is { } age ? Of((double)age) : "-");

    /// <summary>How long ago something of the door's own clock was.</summary>
    public static string Since(JsonNode? time, DateTimeOffset now) => time is null ? "-" : Of((now - (DateTimeOffset)time).TotalSeconds);
}
