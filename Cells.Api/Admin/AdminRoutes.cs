using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Admin;

/// <summary>The admin API as routes of the door: /cells/v1, role admin.</summary>
public sealed partial class AdminRoutes(AdminApi admin)
{
    public IReadOnlyList<ApiRoute> Routes =>
    [
        Get("/cells", async (_, stop) => Ok(await admin.CellsAsync(stop), AdminJson.Default.CellList)),
        Get("/cells/{cell}", CellAsync),
        Get("/hosts", HostsAsync),
        Get("/hosts/{host}", HostAsync),
        ApiRoute.Post(ApiService.Cells, "/hosts/{host}/fence", Access.Admin, FenceAsync),
        ApiRoute.Delete(ApiService.Cells, "/hosts/{host}/fence", Access.Admin, UnfenceAsync),
        ApiRoute.Post(ApiService.Cells, "/hosts/{host}/drain", Access.Admin, (request, stop) => admin.DrainAsync(request.Route["host"], draining: true, request.Caller.TraceParent, stop)) with { Body = BodyShape.None },
        ApiRoute.Delete(ApiService.Cells, "/hosts/{host}/drain", Access.Admin, (request, stop) => admin.DrainAsync(request.Route["host"], draining: false, request.Caller.TraceParent, stop)),
        Get("/pools", PoolsAsync),
        Get("/pools/{pool}", PoolAsync),
        Get("/servers", ServersAsync),
        Get("/servers/{server}", ServerAsync),
        Get("/tasks", TasksAsync),
        Get("/drift", DriftAsync),
        Get("/events", EventsAsync),
        Get("/health", async (_, stop) => Ok(await admin.HealthAsync(stop), AdminJson.Default.CellHealth)),
        Get("/links", (_, _) => Task.FromResult(Ok(admin.Links(), AdminJson.Default.LinkList))),
        Get("/links/{neighbour}", (request, _) => Task.FromResult(Link(request))),
        Get("/explanations/{server}", ExplainAsync),
        Get("/parked-messages", ParkedAsync),
        ApiRoute.Post(ApiService.Cells, "/parked-messages/{link}/retry", Access.Admin, RetryAsync),
        ApiRoute.Delete(ApiService.Cells, "/parked-messages/{link}/{incarnation}/{number}", Access.Admin, DropAsync),
    ];

    private async Task<ApiResult> ExplainAsync(ApiRequest request, CancellationToken stop)
    {
        var text = request.Route["server"];
        if (!Guid.TryParse(text, out var id))
            return ApiResult.BadRequest($"'{text}' is not a server id. Give the uuid that `openstack server list` shows.");
        return await admin.ExplainAsync(new InstanceId(id), stop) is { } story
            ? Ok(story, AdminJson.Default.Story)
            : ApiResult.NotFound($"Server {id} was never placed from or through this cell. Ask the server's home API cell.");
    }

    /// <summary>Body: {"key": "the key shown in the list"}.</summary>
    private async Task<ApiResult> RetryAsync(ApiRequest request, CancellationToken stop)
    {
        if (!CellName.TryParse(request.Route["link"], out var link))
            return NoCellName(request.Route["link"]);
        if (request.Body.ValueKind != JsonValueKind.Object || !request.Body.TryGetProperty("key", out var key) || key.ValueKind != JsonValueKind.String)
            return ApiResult.BadRequest("The body must be an object with the text 'key', as GET /cells/v1/parked-messages shows it.");
        return await OfCell(request, async cell =>
        {
            await admin.RetryParkedAsync(cell, link, key.GetString()!, stop);
            return ApiResult.Empty(202);
        });
    }

    private async Task<ApiResult> DropAsync(ApiRequest request, CancellationToken stop)
    {
        if (!CellName.TryParse(request.Route["link"], out var link))
            return NoCellName(request.Route["link"]);
        if (!long.TryParse(request.Route["incarnation"], NumberStyles.None, CultureInfo.InvariantCulture, out var incarnation)
            || !long.TryParse(request.Route["number"], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return ApiResult.BadRequest("Incarnation and number are whole numbers, as GET /cells/v1/parked-messages shows them.");
        return await OfCell(request, async cell =>
        {
            await admin.DropParkedAsync(cell, link, incarnation, number, stop);
            return ApiResult.Empty(204);
        });
    }

    private Task<ApiResult> ParkedAsync(ApiRequest request, CancellationToken stop) =>
        OfCell(request, async cell => Ok(await admin.ParkedAsync(cell, stop), AdminJson.Default.ParkedList));

    /// <summary>
    /// Of the cell that the query names, or of this one. What an operator did wrong, or what cannot be had now, is said in the words it was found in.
    /// </summary>
    private static async Task<ApiResult> OfCell(ApiRequest request, Func<CellName?, Task<ApiResult>> act)
    {
        CellName? cell = null;
        if (request.Query["cell"] is { } text)
        {
            if (!CellName.TryParse(text, out var named))
                return ApiResult.BadRequest($"'{text}' is not a cell name. `cells tree` shows them.");
            cell = named;
        }
        try
        {
            return await act(cell);
        }
        catch (CellSilent silent)
        {
            return ApiResult.Unavailable(silent.Message, TimeSpan.FromSeconds(5));
        }
        catch (CellsException refused)
        {
            return ApiResult.Conflict(refused.Message);
        }
    }

    private static ApiRoute Get(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Get(ApiService.Cells, pattern, Access.Admin, handle);

    private static ApiResult NoCellName(string text) => ApiResult.BadRequest($"'{text}' is not a cell name, so there is no such link.");

    private static ApiResult Ok<T>(T document, JsonTypeInfo<T> type) => ApiResult.Ok(writer => JsonSerializer.Serialize(writer, document, type));
}
