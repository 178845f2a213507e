using System.Globalization;

namespace Cells.Api.Nova;

/// <summary>Nova's second form of a time: UTC with microseconds and without a zone.</summary>
internal static class NovaTimes
{
    public static string Micro(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
}
