using System.Globalization;

namespace Cells.Api.Http;

/// <summary>The query of a request, in its order; a name may stand there several times.</summary>
public sealed class Query(IReadOnlyList<KeyValuePair<string, string>> items)
{
    public static readonly Query Empty = new([]);

    public IReadOnlyList<KeyValuePair<string, string>> Items { get; } = items;

    /// <summary>The last value of that name, as Nova takes it; null when it is not there.</summary>
    public string? this[string name] => Items.LastOrDefault(item => item.Key == name).Value;

    public IReadOnlyList<string> All(string name) => [.. Items.Where(item => item.Key == name).Select(item => item.Value)];

    /// <summary>The same query with another value of one name, escaped, for the link to the next page.</summary>
    public string With(string name, string value) => string.Join('&', Items.Where(item => item.Key != name)
        .Append(new(name, value))
        .Select(item => $"{Uri.EscapeDataString(item.Key)}={Uri.EscapeDataString(item.Value)}"));

    public Query Without(string name) => new([.. Items.Where(item => item.Key != name)]);

    public Query Set(string name, string value) => new([.. Without(name).Items, new(name, value)]);

    /// <summary>A limit is a number from 0 on, cut to the maximum; absent is the maximum.</summary>
    /// <param name="problem">Why it is none; then the limit is not to be used.</param>
    public int Limit(int maximum, out string? problem)
    {
        problem = null;
        if (this["limit"] is not { } text)
            return maximum;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var limit))
        {
            if (limit >= 0)
                return (int)Math.Min(limit, maximum);
            problem = $"Invalid input for query parameters limit. Value: {text}. It must not be negative.";
            return 0;
        }
        problem = $"Invalid input for query parameters limit. Value: {text}. It is not a number.";
        return 0;
    }
}
