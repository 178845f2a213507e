using System.Text.RegularExpressions;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>The host name that a server gets of its name (nova/utils.py, sanitize_hostname): what DNS takes, at most 63 characters.</summary>
internal static partial class Hostname
{
    private const int Longest = 63;

    public static string Of(string name, InstanceId id)
    {
        var plain = Others().Replace(Separators().Replace(name, "-"), "").ToLowerInvariant().Trim('-');
        if (plain.Length == 0)
            return $"server-{id}";
        return plain.Length <= Longest ? plain : plain[..Longest].TrimEnd('-');
    }

    [GeneratedRegex(@"[\s_.]+")]
    private static partial Regex Separators();

    [GeneratedRegex("[^a-zA-Z0-9-]")]
    private static partial Regex Others();
}
