using System.Text.Json.Nodes;
using Cells.Api.Http;

namespace Cells.Api.Networks;

/// <summary>Neutron's lists: any field filters, pages go by marker (Neutron API v2.0, filtering and pagination).</summary>
internal static class NeutronList
{
    private const int MaximumLimit = 1_000;

    private static readonly HashSet<string> Words = new(StringComparer.Ordinal) { "limit", "marker", "page_reverse", "fields", "sort_key", "sort_dir" };

    /// <param name="shown">Every resource that the caller may see, in the list's order.</param>
    public static ApiResult Answer(string name, IReadOnlyList<JsonObject> shown, Query query)
    {
        var limit = query.Limit(MaximumLimit, out var problem);
        if (problem is not null)
            return ApiResult.BadRequest(problem);
        var filters = query.Items.Where(item => !Words.Contains(item.Key)).GroupBy(item => item.Key, item => item.Value, StringComparer.Ordinal).ToList();
        if (shown.Count > 0 && filters.FirstOrDefault(filter => filter.Key != "fixed_ips" && !shown[0].ContainsKey(filter.Key)) is { } unknown)
            return ApiResult.BadRequest($"['{unknown.Key}'] is invalid attribute for filtering of {name}");
        var page = shown.Where(resource => filters.All(filter => Has(resource, filter.Key, [.. filter])));
        if (query["marker"] is { } marker)
        {
            var from = page.SkipWhile(resource => (string?)resource["id"] != marker).ToList();
            if (from.Count == 0)
                return ApiResult.BadRequest($"Invalid input for operation: Marker {marker} could not be found.");
            page = from.Skip(1);
        }
        page = Sorted(page, query).Take(limit);
        return Show(name, new JsonArray([.. page.Select(resource => Cut(resource, query.All("fields")))]));
    }

    public static ApiResult Show(string name, JsonNode resource, int status = 200) => ApiResult.Json(status, w =>
    {
        w.WriteStartObject();
        w.WritePropertyName(name);
        resource.WriteTo(w);
        w.WriteEndObject();
    });

    // Neutron's clients send one filter several times for "any of these".
    private static bool Has(JsonObject resource, string name, IReadOnlyList<string> values) => name == "fixed_ips"
        ? values.All(value => resource["fixed_ips"]!.AsArray().Any(ip => Matches(ip!.AsObject(), value)))
        : values.Any(value => string.Equals(Text(resource[name]), value, resource[name]?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False
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
                ? page.OrderByDescending(resource => Text(resource[key]), StringComparer.Ordinal)
                : page.OrderBy(resource => Text(resource[key]), StringComparer.Ordinal);
        }
        return page;
    }

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
