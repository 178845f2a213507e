using System.Globalization;
using Cells.XenSim.Core.Calls;

namespace Cells.XenSim.Core.Events;

/// <summary>A position in the pool's history: database generation and message generation, 20 digits each.</summary>
internal readonly record struct EventToken(long Generation, long Messages)
{
    /// <summary>The empty token is the beginning.</summary>
    /// <exception cref="XapiFailure">EVENT_FROM_TOKEN_PARSE_FAILURE [token].</exception>
    public static EventToken Parse(string text)
    {
        if (text.Length == 0) return new EventToken(0, 0);
        var parts = text.Split(',');
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var messages)
            ? new EventToken(generation, messages)
            : throw new XapiFailure("EVENT_FROM_TOKEN_PARSE_FAILURE", text);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Generation:D20},{Messages:D20}");
}
