using Cells.Contracts;

namespace Cells.Api.Networks;

/// <summary>MACs of ports: locally administered unicast (IEEE 802), 40 random bits; the table's constraint makes them unique.</summary>
internal static class MacAddress
{
    // Neutron's first octet: the local bit is set, the group bit is not.
    private const byte FirstOctet = 0xfa;

    public static string New(IIdSource ids)
    {
        Span<byte> octets = stackalloc byte[6];
        ids.Fill(octets);
        octets[0] = FirstOctet;
        return string.Join(':', octets.ToArray().Select(octet => octet.ToString("x2")));
    }

    /// <summary>As it is stored, lower-case with colons; null when it is no unicast MAC.</summary>
    public static string? Parse(string text)
    {
        var parts = text.ToLowerInvariant().Split(':');
        var valid = parts.Length == 6 && parts.All(part => part.Length == 2 && part.All(char.IsAsciiHexDigitLower));
        return valid && (Convert.ToInt32(parts[0], 16) & 1) == 0 && parts.Any(part => part != "00") ? string.Join(':', parts) : null;
    }
}
