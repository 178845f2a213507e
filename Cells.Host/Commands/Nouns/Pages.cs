using System.Globalization;
using System.Text.Json.Nodes;
using Cells.Host.Clients;

namespace Cells.Host.Commands.Nouns;

/// <summary>Reads a list of the admin API page by page, and gives it as one document.</summary>
internal static class Pages
{
    private const int PageSize = 1_000;

    /// <param name="most">Rows at most; null for all.</param>
    public static async Task<JsonNode> ReadAsync(
        CloudClient cloud, string path, IReadOnlyList<(string Name, string Value)> query, string key, int? most, CancellationToken stop)
    {
        var rows = new JsonArray();
        string? marker = null;
        do
        {
            var page = await cloud.GetAsync("cells", path + Query(query, marker), stop);
            foreach (var row in page[key]!.AsArray())
                if (most is not { } limit || rows.Count < limit)
                    rows.Add(row!.DeepClone());
            marker = (string?)page["next"];
        }
        while (marker is not null && (most is not { } wanted || rows.Count < wanted));
        return new JsonObject { [key] = rows };
    }

    private static string Query(IReadOnlyList<(string Name, string Value)> query, string? marker)
    {
        // Only a list that names a next page is asked by pages: the first answer says whether it does.
        var all = marker is null ? query : [.. query, ("limit", PageSize.ToString(CultureInfo.InvariantCulture)), ("marker", marker)];
        return all.Count == 0 ? "" : "?" + string.Join('&', all.Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value)}"));
    }
}
