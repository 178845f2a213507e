using Cells.Contracts;

namespace Cells.Api.Admin;

/// <summary>Hosts and pools: copies of the compute cells' rows, each with its age.</summary>
public sealed partial class AdminApi
{
    /// <param name="after">The marker: a host of the former page.</param>
    /// <returns>By cell and uuid; null when the marker is no host that is there.</returns>
    public async Task<HostList?> HostsAsync(HostFilter filter, Guid? after, int limit, CancellationToken stop)
    {
        var all = await HostViewsAsync(stop);
        var start = after is { } marker ? all.FindIndex(h => h.Host == marker) + 1 : 0;
        if (after is not null && start == 0)
            return null;
        var page = all.Skip(start).Where(filter.Shows).Take(limit + 1).ToList();
        return page.Count <= limit
            ? new HostList(page, null)
            : new HostList(page[..limit], page[limit - 1].Host.ToString("D"));
    }

    /// <param name="word">Its uuid or its name.</param>
    /// <returns>All that have it: uuids are one host's, names need not be.</returns>
    public async Task<IReadOnlyList<HostView>> HostsNamedAsync(string word, CancellationToken stop) =>
        [.. (await HostViewsAsync(stop)).Where(Guid.TryParse(word, out var id) ? h => h.Host == id : h => h.Name == word)];

    public async Task<PoolList> PoolsAsync(string? cell, CancellationToken stop) => new(
    [
        .. (await HostViewsAsync(stop))
            .Where(h => cell is null || h.Cell == cell)
            .GroupBy(h => (h.Cell, h.Pool))
            .Select(members => PoolView.Of([.. members])),
    ]);

    private async Task<List<HostView>> HostViewsAsync(CancellationToken stop)
    {
        var ages = await AgesAsync(stop);
        return [.. (await _hosts.ReadAsync(stop)).Select(row => HostView.Of(row, ages.GetValueOrDefault(row.Cell.Value, CellAge.Unknown)))];
    }

    private async Task<SortedDictionary<string, CellAge>> AgesAsync(CancellationToken stop)
    {
        var ages = new SortedDictionary<string, CellAge>(StringComparer.Ordinal);
        foreach (var cell in (await CellsAsync(stop)).Cells)
        {
            // Of several ways to a cell, the one that is heard tells of it.
            var age = new CellAge(cell.Silent, cell.HeardSecondsAgo);
            if (!ages.TryGetValue(cell.Name, out var known) || (known.Silent && !age.Silent))
                ages[cell.Name] = age;
        }
        return ages;
    }
}

/// <summary>Which hosts a list shows; null asks nothing.</summary>
/// <param name="Pool">Its uuid.</param>
/// <param name="Status">up, suspect, down, maintenance.</param>
public sealed record HostFilter(string? Cell, Guid? Pool, string? Status)
{
    internal bool Shows(HostView host) =>
        (Cell is null || host.Cell == Cell) && (Pool is null || host.Pool == Pool) && (Status is null || host.Status == Status);
}
