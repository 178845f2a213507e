using System.Globalization;
using System.Text.RegularExpressions;

namespace Cells.Api.Http;

/// <summary>
/// Negotiates the compute API's microversion (Nova API, microversions). Stated is what is true of every route served: 2.1 and nothing above.
/// </summary>
internal static partial class Microversion
{
    public const string Minimum = "2.1";
    public const string Maximum = "2.1";
    public const string Header = "OpenStack-API-Version";
    public const string LegacyHeader = "X-OpenStack-Nova-API-Version";

    /// <returns>Null when the request may go on, in version <see cref="Maximum"/>.</returns>
    public static ApiResult? Negotiate(Func<string, string?> header)
    {
        var asked = FromHeader(header(Header)) ?? header(LegacyHeader)?.Trim();
        if (asked is null or "latest")
            return null;
        if (!Shape().IsMatch(asked))
            return ApiResult.BadRequest(
                $"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum.");
        return Number(asked) >= Number(Minimum) && Number(asked) <= Number(Maximum)
            ? null
            : ApiResult.Refuse(406, $"Version {asked} is not supported by the API. Minimum is {Minimum} and maximum is {Maximum}.");
    }

    // "compute 2.1, identity 3.9": one entry for each service; others' entries are none of our business.
    private static string? FromHeader(string? value) => value?.Split(',')
        .Select(entry => entry.Trim().Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .FirstOrDefault(entry => entry is ["compute", _])?[1];

    private static (int Major, int Minor) Parse(string text)
    {
        var parts = text.Split('.');
        return (int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private static long Number(string text)
    {
        var (major, minor) = Parse(text);
        return (long)major * 100_000 + minor;
    }

    [GeneratedRegex(@"^([1-9][0-9]{0,3})\.([1-9][0-9]{0,3}|0)$")]
    private static partial Regex Shape();
}
