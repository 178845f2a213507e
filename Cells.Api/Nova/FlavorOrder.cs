using Cells.Api.Http;

namespace Cells.Api.Nova;

/// <summary>How a flavor list is sorted: by one key, and by id where that is equal.</summary>
internal sealed record FlavorOrder(Func<StoredFlavor, IComparable> Key, bool Ascending)
{
    /// <summary>What a list may be asked by (nova/api/openstack/compute/schemas/flavors.py).</summary>
    public static readonly string[] Known = ["limit", "marker", "is_public", "minRam", "minDisk", "sort_key", "sort_dir"];

    private static readonly SortedDictionary<string, Func<StoredFlavor, IComparable>> Keys = new(StringComparer.Ordinal)
    {
        ["flavorid"] = flavor => flavor.Flavor.Id,
        ["name"] = flavor => flavor.Flavor.Name,
        ["memory_mb"] = flavor => flavor.Flavor.MemoryMib,
        ["vcpus"] = flavor => flavor.Flavor.Vcpus,
        ["root_gb"] = flavor => flavor.Flavor.DiskGib,
        ["rxtx_factor"] = flavor => flavor.RxtxFactor,
        ["is_public"] = flavor => flavor.IsPublic,
        ["created_at"] = flavor => flavor.CreatedAt,
    };

    /// <summary>Null when the query is wrong; then <paramref name="problem"/> says how.</summary>
    public static FlavorOrder? Read(Query query, out string? problem)
    {
        var (key, direction) = (query["sort_key"] ?? "flavorid", query["sort_dir"] ?? "asc");
        problem = !Keys.ContainsKey(key) ? $"Invalid input for query parameters sort_key. Value: {key}. It is not one of {string.Join(", ", Keys.Keys)}"
            : direction is not ("asc" or "desc") ? $"Invalid input for query parameters sort_dir. Value: {direction}. It is not one of asc, desc"
            : null;
        return problem is null ? new FlavorOrder(Keys[key], direction == "asc") : null;
    }

    public IEnumerable<StoredFlavor> Sort(IEnumerable<StoredFlavor> flavors)
    {
        var compare = Comparer<IComparable>.Create((a, b) => a is string text ? string.CompareOrdinal(text, (string)b) : a.CompareTo(b));
        return Ascending
            ? flavors.OrderBy(Key, compare).ThenBy(flavor => flavor.Flavor.Id, StringComparer.Ordinal)
            : flavors.OrderByDescending(Key, compare).ThenByDescending(flavor => flavor.Flavor.Id, StringComparer.Ordinal);
    }
}
