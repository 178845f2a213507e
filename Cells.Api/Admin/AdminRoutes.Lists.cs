using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Admin;

/// <summary>What there is: lists with filters and pages, and one thing of each kind.</summary>
public sealed partial class AdminRoutes
{
    // A fleet's hosts are thousands at most: who asks for no page gets them all.
    private const int MostHosts = 1_000_000;

    private static readonly string[] HostStatuses = ["up", "suspect", "down", "maintenance"];

    private async Task<ApiResult> CellAsync(ApiRequest request, CancellationToken stop) =>
        await admin.CellAsync(request.Route["cell"], stop) is { } cell
            ? Ok(cell, AdminJson.Default.CellView)
            : ApiResult.NotFound($"No cell '{request.Route["cell"]}' is known here. `cells cell list` shows those that are.");

    private ApiResult Link(ApiRequest request) =>
        admin.Link(request.Route["neighbour"]) is { } link
            ? Ok(link, AdminJson.Default.LinkView)
            : ApiResult.NotFound($"This cell has no link to '{request.Route["neighbour"]}'. `cells link list` shows those that it has.");

    private async Task<ApiResult> HostsAsync(ApiRequest request, CancellationToken stop)
    {
        var query = new AdminQuery(request.Query, "cell", "pool", "status", "limit", "marker");
        var filter = new HostFilter(query.Cell("cell")?.Value, query.Id("pool"), query.OneOf("status", HostStatuses));
        var (marker, limit) = (query.Id("marker"), query.Limit(absent: MostHosts));
        if (query.Refusal is { } refusal)
            return refusal;
        return await admin.HostsAsync(filter, marker, limit, stop) is { } hosts ? Ok(hosts, AdminJson.Default.HostList) : NoMarker(request);
    }

    private async Task<ApiResult> HostAsync(ApiRequest request, CancellationToken stop)
    {
        var word = request.Route["host"];
        return await admin.HostsNamedAsync(word, stop) switch
        {
            [var host] => Ok(host, AdminJson.Default.HostView),
            [] => NoSuchHost(word),
            var several => SeveralHosts(word, several),
        };
    }

    private async Task<ApiResult> PoolsAsync(ApiRequest request, CancellationToken stop)
    {
        var query = new AdminQuery(request.Query, "cell");
        var cell = query.Cell("cell");
        return query.Refusal ?? Ok(await admin.PoolsAsync(cell?.Value, stop), AdminJson.Default.PoolList);
    }

    private async Task<ApiResult> PoolAsync(ApiRequest request, CancellationToken stop)
    {
        var word = request.Route["pool"];
        var all = (await admin.PoolsAsync(null, stop)).Pools;
        return all.Where(Guid.TryParse(word, out var id) ? p => p.Pool == id : p => p.Name == word).ToList() switch
        {
            [var pool] => Ok(pool, AdminJson.Default.PoolView),
            [] => ApiResult.NotFound($"No pool '{word}' is known here. `cells pool list` shows those that are."),
            var several => ApiResult.Conflict($"{several.Count} pools are named '{word}': name one by its uuid: {string.Join(", ", several.Select(p => $"{p.Pool?.ToString() ?? "not known yet"} in {p.Cell}"))}."),
        };
    }

    private async Task<ApiResult> DriftAsync(ApiRequest request, CancellationToken stop)
    {
        var query = new AdminQuery(request.Query, "cell");
        var cell = query.Cell("cell");
        return query.Refusal ?? Ok(await admin.DriftAsync(cell?.Value, stop), AdminJson.Default.DriftList);
    }

    private async Task<ApiResult> ServersAsync(ApiRequest request, CancellationToken stop)
    {
        var query = new AdminQuery(request.Query, "cell", "host", "status", "project", "name", "limit", "marker");
        var status = query.Text("status");
        var filter = new AdminServerFilter(
            query.Cell("cell"), query.Text("host"), status, query.Id("project") is { } project ? new ProjectId(project) : null, query.Text("name"));
        var (marker, limit) = (query.Id("marker"), query.Limit());
        if (query.Refusal is { } refusal)
            return refusal;
        if (status is not null && !InstanceStateNames.IsStatus(status))
            return ApiResult.BadRequest($"status '{status}' is no status of a server.");
        return await admin.ServersAsync(filter, Instance(marker), limit, stop) is { } servers
            ? Ok(servers, AdminJson.Default.AdminServerList)
            : NoMarker(request);
    }

    private async Task<ApiResult> ServerAsync(ApiRequest request, CancellationToken stop)
    {
        var word = request.Route["server"];
        if (!Guid.TryParse(word, out var id))
            return ApiResult.BadRequest($"'{word}' is not a server id. Ask GET /cells/v1/servers?name= for a name.");
        return await admin.ServerAsync(new InstanceId(id), stop) is { } server
            ? Ok(server, AdminJson.Default.AdminServer)
            : ApiResult.NotFound($"No server {id} has its home here.");
    }

    private async Task<ApiResult> TasksAsync(ApiRequest request, CancellationToken stop)
    {
        var query = new AdminQuery(request.Query, "cell", "overdue", "limit", "marker");
        var (cell, overdue, marker, limit) = (query.Cell("cell"), query.Flag("overdue"), query.Id("marker"), query.Limit());
        if (query.Refusal is { } refusal)
            return refusal;
        return await admin.TasksAsync(cell, overdue, Instance(marker), limit, stop) is { } tasks ? Ok(tasks, AdminJson.Default.TaskList) : NoMarker(request);
    }

    private static InstanceId? Instance(Guid? id) => id is { } value ? new InstanceId(value) : null;

    private static ApiResult NoMarker(ApiRequest request) =>
        ApiResult.BadRequest($"marker {request.Query["marker"]} is nothing of this list: begin again without it.");
}
