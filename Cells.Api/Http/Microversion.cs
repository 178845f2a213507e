using System.Globalization;
using System.Text.RegularExpressions;

namespace Cells.Api.Http;

/// <summary>A version 2.N of the compute API (Nova API, microversions): the shape that a request asks for.</summary>
/// <param name="Minor">1 to <see cref="Maximum"/>.</param>
public readonly partial record struct Microversion(int Minor) : IComparable<Microversion>
{
    public const string Header = "OpenStack-API-Version";
    public const string LegacyHeader = "X-OpenStack-Nova-API-Version";

    /// <summary>Who names none gets this one.</summary>
    public static readonly Microversion Minimum = new(1);

    /// <summary>The highest that is true of every route served: the end of the table of <see cref="MicroversionHistory"/>.</summary>
    public static readonly Microversion Maximum = new(MicroversionHistory.Highest);

    /// <summary>Whether what came with 2.<paramref name="minor"/> is there.</summary>
    public bool Has(int minor) => Minor >= minor;

    public int CompareTo(Microversion other) => Minor.CompareTo(other.Minor);
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"2.{Minor}");

    public static bool operator <(Microversion left, Microversion right) => left.Minor < right.Minor;
    public static bool operator >(Microversion left, Microversion right) => left.Minor > right.Minor;
    public static bool operator <=(Microversion left, Microversion right) => left.Minor <= right.Minor;
    public static bool operator >=(Microversion left, Microversion right) => left.Minor >= right.Minor;

    /// <returns>The version that a request is answered in, or why it is not.</returns>
    public static (Microversion Version, ApiResult? Refusal) Negotiate(Func<string, string?> header)
    {
        var asked = FromHeader(header(Header)) ?? header(LegacyHeader)?.Trim();
        if (asked is null)
            return (Minimum, null);
        if (asked == "latest")
            return (Maximum, null);
        if (!Shape().IsMatch(asked))
            return (Minimum, ApiResult.BadRequest($"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum."));
        var parts = asked.Split('.');
        var minor = int.Parse(parts[1], CultureInfo.InvariantCulture);
        return parts[0] == "2" && minor >= Minimum.Minor && minor <= Maximum.Minor
            ? (new Microversion(minor), null)
            : (Minimum, ApiResult.Refuse(406, $"Version {asked} is not supported by the API. Minimum is {Minimum} and maximum is {Maximum}."));
    }

    // "compute 2.1, identity 3.9": one entry for each service; others' entries are none of our business.
    private static string? FromHeader(string? value) => value?.Split(',')
        .Select(entry => entry.Trim().Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .FirstOrDefault(entry => entry is ["compute", _])?[1];

    [GeneratedRegex(@"^([1-9][0-9]{0,3})\.([1-9][0-9]{0,3}|0)$")]
    private static partial Regex Shape();
}
