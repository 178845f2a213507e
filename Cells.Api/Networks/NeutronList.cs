using System.Text.Json;
using System.Text.Json.Nodes;
using Cells.Api.Http;

namespace Cells.Api.Networks;

/// <summary>Neutron's lists: any field filters, sorts, and pages go by marker in the order that was asked for (Neutron API v2.0, filtering, sorting, pagination).</summary>
/// <param name="Name">Of the list, such as <c>ports</c>.</param>
/// <param name="Fields">What may be filtered and sorted by: those of a resource, whether or not there is one.</param>
/// <param name="BaseUrl">How clients reach the door.</param>
internal sealed record NeutronList(string Name, IReadOnlySet<string> Fields, string BaseUrl)
{
    public const int MaximumLimit = 1_000;

    private static readonly HashSet<string> Words = new(StringComparer.Ordinal) { "limit", "marker", "page_reverse", "fields", "sort_key", "sort_dir" };

    /// <param name="example">One resource, as it is shown.</param>
    public static NeutronList Of(string name, JsonObject example, string baseUrl) =>
        new(name, example.Select(member => member.Key).Append("fixed_ips").ToHashSet(StringComparer.Ordinal), baseUrl);

    /// <summary>The filters of a query; those that a store has answered already hold once more.</summary>
    public static IEnumerable<IGrouping<string, string>> Filters(Query query) =>
        query.Items.Where(item => !Words.Contains(item.Key)).GroupBy(item => item.Key, item => item.Value, StringComparer.Ordinal);

    /// <summary>Why the query is wrong; null when it can be answered.</summary>
    public ApiResult? Refusal(Query query)
    {
        query.Limit(MaximumLimit, out var problem);
        if (problem is not null)
            return ApiResult.BadRequest(problem);
        if (Filters(query).FirstOrDefault(filter => !Fields.Contains(filter.Key)) is { } unknown)
            return ApiResult.BadRequest($"['{unknown.Key}'] is invalid attribute for filtering of {Name}");
        if (query.All("sort_key").FirstOrDefault(key => !Fields.Contains(key)) is { } odd)
            return ApiResult.BadRequest($"Invalid input for operation: '{odd}' is not an attribute that {Name} can be sorted by.");
        return query.All("sort_dir").FirstOrDefault(direction => direction is not ("asc" or "desc")) is { } nowhere
            ? ApiResult.BadRequest($"Invalid input for operation: The value of sort_dir is '{nowhere}', it must be one of ['asc', 'desc'].")
            : null;
    }

    /// <param name="shown">Every resource that the caller may see, in the list's own order.</param>
    public ApiResult Answer(IReadOnlyList<JsonObject> shown, Query query)
    {
        if (Refusal(query) is { } refusal)
            return refusal;
        var filters = Filters(query).ToList();
        var all = Sorted(shown.Where(resource => filters.All(filter => Has(resource, filter.Key, [.. filter]))), query).ToList();
        var isReverse = BodyObject.BooleanWord(query["page_reverse"] ?? "") == true;
        if (isReverse)
            all.Reverse();
        var limit = query.Limit(MaximumLimit, out _);
        if (all.Cut(IdOf, query["marker"], limit) is not { } page)
            return ApiResult.BadRequest($"Invalid input for operation: Marker {query["marker"]} could not be found.");
        return Show(isReverse ? [.. page.Items.Reverse()] : page.Items, query, limit, isReverse);
    }

    /// <summary>A page that a store has cut.</summary>
    public ApiResult Show(IReadOnlyList<JsonObject> page, Query query, int limit, bool isReverse)
    {
        var links = Links(page, query, limit, isReverse);
        var fields = query.All("fields");
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray(Name);
            foreach (var resource in page)
                Cut(resource, fields).WriteTo(w);
            w.WriteEndArray();
            if (links.Count > 0)
                new JsonArray([.. links]).WriteTo(Property(w, $"{Name}_links"));
            w.WriteEndObject();
        });
    }

    public static ApiResult Show(string name, JsonNode resource, int status = 200) => ApiResult.Json(status, w =>
    {
        w.WriteStartObject();
        resource.WriteTo(Property(w, name));
        w.WriteEndObject();
    });

    // As Neutron gives them: only to who asked for pages, or did not get everything; none leads away from an end that is known.
    private List<JsonNode> Links(IReadOnlyList<JsonObject> page, Query query, int limit, bool isReverse)
    {
        var links = new List<JsonNode>();
        if (page.Count == 0 || (query["limit"] is null && page.Count < limit))
            return links;
        var isFull = page.Count >= limit;
        if (isFull || isReverse)
            links.Add(Link("next", query.Without("page_reverse").With("marker", IdOf(page[^1]))));
        if (isReverse ? isFull : query["marker"] is not null)
            links.Add(Link("previous", query.Set("page_reverse", "True").With("marker", IdOf(page[0]))));
        return links;
    }

    private JsonObject Link(string rel, string query) => new() { ["rel"] = rel, ["href"] = $"{BaseUrl}/network/v2.0/{Name.Replace('_', '-')}?{query}" };

    private static Utf8JsonWriter Property(Utf8JsonWriter w, string name)
    {
        w.WritePropertyName(name);
        return w;
    }

    private static string IdOf(JsonObject resource) => (string)resource["id"]!;

    // Neutron's clients send one filter several times for "any of these".
    private static bool Has(JsonObject resource, string name, IReadOnlyList<string> values) => name == "fixed_ips"
        ? resource["fixed_ips"] is JsonArray ips && values.All(value => ips.Any(ip => Matches(ip!.AsObject(), value)))
        : values.Any(value => string.Equals(Text(resource[name]), value, resource[name]?.GetValueKind() is JsonValueKind.True or JsonValueKind.False
            ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal));

    // "ip_address=10.0.0.5", "subnet_id=...".
    private static bool Matches(JsonObject ip, string condition) =>
        condition.Split('=', 2) is [var field, var value] && ip.ContainsKey(field) && Text(ip[field]) == value;

    private static string Text(JsonNode? value) => value is JsonValue text && text.TryGetValue<string>(out var plain) ? plain : value?.ToJsonString() ?? "";

    private static IEnumerable<JsonObject> Sorted(IEnumerable<JsonObject> page, Query query)
    {
        var (keys, directions) = (query.All("sort_key"), query.All("sort_dir"));
        for (var i = keys.Count - 1; i >= 0; i--)
        {
            var key = keys[i];
            page = directions.ElementAtOrDefault(i) == "desc"
                ? page.OrderByDescending(resource => resource[key], ByValue)
                : page.OrderBy(resource => resource[key], ByValue);
        }
        return page;
    }

    // Numbers as numbers: an mtu of 9000 comes after one of 1500.
    private static readonly Comparer<JsonNode?> ByValue = Comparer<JsonNode?>.Create((a, b) =>
        a is JsonValue x && b is JsonValue y && x.GetValueKind() == JsonValueKind.Number && y.GetValueKind() == JsonValueKind.Number
            ? x.GetValue<decimal>().CompareTo(y.GetValue<decimal>())
            : string.CompareOrdinal(Text(a), Text(b)));

    private static JsonObject Cut(JsonObject resource, IReadOnlyList<string> fields)
    {
        if (fields.Count > 0)
        {
            foreach (var other in resource.Select(member => member.Key).Where(key => !fields.Contains(key)).ToList())
                resource.Remove(other);
        }
        return resource;
    }
}
