using Cells.Api.Fleet;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Contracts.Messages;

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

    /// <summary>Every pool of the cells' configurations, also one that was never reached; its hosts are summed.</summary>
    public async Task<PoolList> PoolsAsync(string? cell, CancellationToken stop)
    {
        var hosts = (await HostViewsAsync(stop)).ToLookup(h => (h.Cell, h.Pool));
        var ages = await _ages.ReadAsync(stop);
        var rows = await _fleet.PoolsAsync(stop);
        // Hosts of a cell that is too old to tell of its pools are pools all the same.
        var told = rows.Select(r => PoolView.Of(r, [.. r.Pool is { } id ? hosts[(r.Cell.Value, id.Value)] : []], AgeOf(ages, r.Cell)));
        var untold = hosts.Where(h => !rows.Any(r => r.Cell.Value == h.Key.Cell && r.Pool?.Value == h.Key.Pool)).Select(h => PoolView.Of(null, [.. h], AgeOf(ages, CellName.Parse(h.Key.Cell))));
        return new PoolList([.. told.Concat(untold).Where(p => cell is null || p.Cell == cell).OrderBy(p => p.Cell, StringComparer.Ordinal).ThenBy(p => p.Name, StringComparer.Ordinal)]);
    }

    /// <summary>A word of now, under an id of its own.</summary>
    internal FenceWord WordOf(string who, string why) => new(_ground.Options.Ids.NewGuid(), who, why, _ground.Options.Time.GetUtcNow());

    /// <summary>Says that a host runs nothing any more; without a word, that what was said is taken back.</summary>
    internal Task<ApiResult> FenceAsync(HostView host, FenceWord? word, Func<ApiResult> none, CancellationToken stop) =>
        word is not null && host is { Silent: false, Status: "up" or "maintenance" }
            ? Task.FromResult(ApiResult.Conflict($"Host {host.Name} is heard by its cell: it runs what it runs. Power it off first."))
            : _words.SayAsync(host.Host.ToString("D"), setting => setting with { Fence = word }, none, _ => ApiResult.Empty(202), traceParent: null, stop);

    private async Task<List<HostView>> HostViewsAsync(CancellationToken stop)
    {
        var ages = await _ages.ReadAsync(stop);
        return
        [
            .. (await _hosts.HostsAsync(stop))
                .OrderBy(host => host.Row.Cell.Value, StringComparer.Ordinal).ThenBy(host => host.Row.Host.Value)
                .Select(host => HostView.Of(host, AgeOf(ages, host.Row.Cell))),
        ];
    }

    private static CellAge AgeOf(IReadOnlyDictionary<CellName, CellAge> ages, CellName cell) => ages.GetValueOrDefault(cell, CellAge.Unknown);

    private async Task<SortedDictionary<string, CellAge>> AgesAsync(CancellationToken stop) =>
        new((await _ages.ReadAsync(stop)).ToDictionary(age => age.Key.Value, age => age.Value), StringComparer.Ordinal);
}

/// <summary>Which hosts a list shows; null asks nothing.</summary>
/// <param name="Pool">Its uuid.</param>
/// <param name="Status">up, suspect, down, maintenance.</param>
public sealed record HostFilter(string? Cell, Guid? Pool, string? Status)
{
    internal bool Shows(HostView host) =>
        (Cell is null || host.Cell == Cell) && (Pool is null || host.Pool == Pool) && (Status is null || host.Status == Status);
}
