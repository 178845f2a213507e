using System.Globalization;

namespace Cells.XenSim.Core.Objects;

/// <summary>XenAPI's form of an instant: 20260821T09:05:07Z, always UTC.</summary>
internal static class XapiTime
{
    /// <summary>The epoch stands for "never" or "not yet".</summary>
    public const string Never = "19700101T00:00:00Z";
    private const string Format = "yyyyMMdd'T'HH:mm:ss'Z'";

    public static string Of(DateTimeOffset instant) => instant.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    public static DateTimeOffset Read(string text) => TryRead(text, out var instant) ? instant : DateTimeOffset.UnixEpoch;

    /// <summary>Dashes are optional, and so is the zone: without it the time is UTC.</summary>
    public static bool TryRead(string text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParseExact(text.TrimEnd('Z').Replace("-", "", StringComparison.Ordinal), "yyyyMMdd'T'HH:mm:ss",
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);
}
