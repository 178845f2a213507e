using Cells.Api.Http;
using Cells.Api.Storage;
using Cells.Contracts;

namespace Cells.Api.Images;

/// <summary>What GET /v2/images asks for.</summary>
internal sealed record ImageList(ImageFilter Filter, Keyset Order, ImageId? Marker, int Limit, string? Status)
{
    private const int DefaultLimit = 25;
    private const int MaximumLimit = 1_000;

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "limit", "marker", "sort", "sort_key", "sort_dir", "id", "name", "status", "visibility", "owner", "protected", "os_hidden", "disk_format",
        "container_format", "tag", "member_status",
    };

    /// <summary>Null when the query is wrong; then <paramref name="problem"/> says how.</summary>
    public static ImageList? Read(Query query, ProjectId? seer, out string? problem)
    {
        var limit = query.Limit(MaximumLimit, out problem);
        if (query["limit"] is null)
            limit = DefaultLimit;
        if (problem is not null)
            return null;
        if (ReadOrder(query, out problem) is not { } order)
            return null;
        ImageId? marker = null;
        if (query["marker"] is { } text)
        {
            if (!Guid.TryParseExact(text, "D", out var id))
            {
                problem = $"Marker {text} could not be found.";
                return null;
            }
            marker = new ImageId(id);
        }
        return ReadFilter(query, seer, out problem) is { } filter ? new ImageList(filter, order, marker, limit, query["status"]) : null;
    }

    private static ImageFilter? ReadFilter(Query query, ProjectId? seer, out string? problem)
    {
        problem = null;
        foreach (var name in new[] { "protected", "os_hidden" })
        {
            if (query[name] is { } word && BodyObject.BooleanWord(word) is null)
                problem = $"Invalid value '{word}' for '{name}' filter: it is true or false.";
        }
        if (query["visibility"] is { } visibility && !ImageBody.Visibilities.Contains(visibility) && visibility != "all")
            problem = $"Invalid visibility value: {visibility}";
        if (problem is not null)
            return null;
        // "saving" is a queued image whose bytes are on their way to a node: the list takes those out by their shown status.
        var status = query["status"] switch { null => null, "active" => "active", _ => "queued" };
        return new ImageFilter(
            seer,
            Values(query["id"])?.Select(id => Guid.TryParse(id, out var uuid) ? uuid : Guid.Empty).ToList(),
            Values(query["name"]),
            status,
            query["visibility"] is "all" ? null : query["visibility"],
            query["owner"] is { } owner ? Guid.TryParse(owner, out var project) ? project : Guid.Empty : null,
            query["protected"] is { } isProtected ? BodyObject.BooleanWord(isProtected) : null,
            query["os_hidden"] is { } hidden && BodyObject.BooleanWord(hidden) == true,
            query["disk_format"],
            query["container_format"],
            query.All("tag"),
            new SortedDictionary<string, string>(
                query.Items.Where(item => !Known.Contains(item.Key)).GroupBy(item => item.Key).ToDictionary(g => g.Key, g => g.Last().Value), StringComparer.Ordinal));
    }

    // "in:a,b" names several; a quoted value may hold a comma (Glance v2, list filters).
    private static IReadOnlyList<string>? Values(string? filter) => filter switch
    {
        null => null,
        _ when filter.StartsWith("in:", StringComparison.Ordinal) => [.. filter[3..].Split(',').Select(value => value.Trim('"'))],
        _ => [filter],
    };

    private static Keyset? ReadOrder(Query query, out string? problem)
    {
        problem = null;
        var keys = new List<(string Name, bool Ascending)>();
        if (query["sort"] is { } sort)
        {
            foreach (var part in sort.Split(','))
            {
                var pair = part.Trim().Split(':');
                keys.Add((pair[0], Ascending(pair.ElementAtOrDefault(1) ?? "desc", ref problem)));
            }
        }
        else
        {
            var (names, directions) = (query.All("sort_key"), query.All("sort_dir"));
            for (var i = 0; i < Math.Max(names.Count, Math.Min(directions.Count, 1)); i++)
            {
                var direction = directions.Count == 0 ? "desc" : directions[Math.Min(i, directions.Count - 1)];
                keys.Add((i < names.Count ? names[i] : "created_at", Ascending(direction, ref problem)));
            }
        }
        var unknown = keys.FirstOrDefault(key => !ImageStore.SortNames.Contains(key.Name)).Name;
        if (unknown is not null)
            problem ??= $"Invalid sort key: {unknown}. It must be one of the following: {string.Join(", ", ImageStore.SortNames)}.";
        return problem is null ? ImageStore.Order(keys.DistinctBy(key => key.Name)) : null;
    }

    private static bool Ascending(string direction, ref string? problem)
    {
        if (direction is not ("asc" or "desc"))
            problem ??= $"Invalid sort direction: {direction}. It is asc or desc.";
        return direction == "asc";
    }
}
