namespace Cells.Api.Http;

/// <summary>A page of a list that is short enough to be read whole.</summary>
/// <param name="Next">The marker for what follows: a full page has one, whether or not more is there, as Nova has it. Null for the last page.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

internal static class Pages
{
    /// <summary>Cuts what comes after the marker.</summary>
    /// <param name="marker">The id of the last item that the client has; null for the first page.</param>
    /// <returns>Null when nothing in the list has the marker's id.</returns>
    public static Page<T>? Cut<T>(this IReadOnlyList<T> all, Func<T, string> id, string? marker, int limit)
    {
        var from = 0;
        if (marker is not null)
        {
            while (from < all.Count && id(all[from]) != marker)
                from++;
            if (from++ == all.Count)
                return null;
        }
        IReadOnlyList<T> items = [.. all.Skip(from).Take(limit)];
        return new Page<T>(items, items.Count > 0 && items.Count == limit ? id(items[^1]) : null);
    }

    public static ApiResult NoMarker(string? marker) => ApiResult.BadRequest($"marker [{marker}] not found");
}
