using System.Text.RegularExpressions;
using Cells.Api.Nova;
using Cells.Contracts;

namespace Cells.Api.Admin;

/// <summary>Servers of all projects, what is being done with them, and where wish and copies differ.</summary>
public sealed partial class AdminApi
{
    /// <param name="after">The marker: the last server of the former page.</param>
    /// <returns>The newest first; null when the marker is no server.</returns>
    public async Task<AdminServerList?> ServersAsync(AdminServerFilter filter, InstanceId? after, int limit, CancellationToken stop)
    {
        if (await PageAsync(filter.ForStore, after, limit, stop) is not var (servers, next))
            return null;
        var ages = await AgesAsync(stop);
        return new AdminServerList([.. servers.Select(s => AdminServer.Of(s, ages))], next);
    }

    /// <returns>Null when there is no such server here; a deleted one is still shown.</returns>
    public async Task<AdminServer?> ServerAsync(InstanceId id, CancellationToken stop) =>
        await _servers.FindAsync(id, stop) is { } server ? AdminServer.Of(server, await AgesAsync(stop)) : null;

    /// <returns>Of one page the first to be due first; null when the marker is no server.</returns>
    public async Task<TaskList?> TasksAsync(CellName? cell, bool overdueOnly, InstanceId? after, int limit, CancellationToken stop)
    {
        if (await PageAsync(ServerFilter.All with { Working = true }, after, limit, stop) is not var (servers, next))
            return null;
        var (ages, now) = (await AgesAsync(stop), _ground.Options.Time.GetUtcNow());
        // A task that no cell has reported yet is its asked child's: that is not the store's to judge.
        return new TaskList(
        [
            .. servers.Select(s => TaskView.Of(s, ages, now))
                .Where(t => (cell is null || t.Cell == cell.Value.Value) && (!overdueOnly || t.Overdue))
                .OrderBy(t => t.Deadline).ThenBy(t => t.Server),
        ], next);
    }

    /// <summary>What this cell's own rows show, and what the compute cells below have found on their pools.</summary>
    public async Task<DriftList> DriftAsync(string? cell, CancellationToken stop)
    {
        var ages = await _ages.ReadAsync(stop);
        var found = (await _fleet.DriftAsync(stop)).Select(row => DriftView.Of(row, AgeOf(ages, row.Cell)));
        // A host that is overfull is found here and by its cell: once is enough.
        var own = (await _drift.ReadAsync(stop)).Where(d => !found.Any(f => f.Kind == d.Kind && f.Id == d.Id));
        return new DriftList([.. own.Concat(found).Where(d => cell is null || d.Cell == cell)
            .OrderBy(d => d.Kind, StringComparer.Ordinal).ThenBy(d => d.Cell, StringComparer.Ordinal).ThenBy(d => d.Id)]);
    }
    private async Task<(IReadOnlyList<Server> Servers, string? Next)?> PageAsync(ServerFilter filter, InstanceId? after, int limit, CancellationToken stop)
    {
        if (await _servers.ListAsync(filter, ServerOrder.Default, after, limit + 1, stop) is not { } servers)
            return null;
        return servers.Count <= limit
            ? (servers, null)
            : ([.. servers.Take(limit)], servers[limit - 1].Intent.Id.ToString());
    }
}

/// <summary>Which servers a list shows; null asks nothing. Deleted ones are not shown.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Status">Nova's status word, in whichever case.</param>
/// <param name="Name">The whole name.</param>
public sealed record AdminServerFilter(CellName? Cell, string? Host, string? Status, ProjectId? Project, string? Name)
{
    internal ServerFilter ForStore => ServerFilter.All with
    {
        Cell = Cell,
        Host = Host,
        Statuses = Status is null ? [] : [Status],
        Project = Project,
        // PostgreSQL and .NET agree about an escaped character.
        NamePattern = Name is null ? null : $"^{Regex.Escape(Name)}$",
    };
}
