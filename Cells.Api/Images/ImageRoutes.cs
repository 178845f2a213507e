using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Images;

/// <summary>The image API's routes (Glance v2), and those by which compute cells read images and bring snapshots.</summary>
internal sealed class ImageRoutes(GlanceImages images, ImageTickets tickets)
{
    public IEnumerable<ApiRoute> Routes =>
    [
        Get("/v2/images", (r, stop) => images.ListAsync(r.Caller, r.Query, stop)),
        ApiRoute.Post(ApiService.Image, "/v2/images", Access.Project, (r, stop) => images.CreateAsync(r.Caller, r.Body, stop)),
        Get("/v2/images/{id}", (r, stop) => images.ShowAsync(r.Caller, r.Route["id"], stop)),
        new(ApiService.Image, "PATCH", "/v2/images/{id}", Access.Project, BodyShape.JsonPatch, (r, stop) => images.PatchAsync(r.Caller, r.Route["id"], r.Body, stop)),
        ApiRoute.Delete(ApiService.Image, "/v2/images/{id}", Access.Project, (r, stop) => images.DeleteAsync(r.Caller, r.Route["id"], stop)),
        new(ApiService.Image, "PUT", "/v2/images/{id}/file", Access.Project, BodyShape.Raw, (r, stop) => images.UploadAsync(r.Caller, r.Route["id"], r.Content!, stop)),
        Get("/v2/images/{id}/file", (r, stop) => images.DownloadAsync(r.Caller, r.Route["id"], stop)),
        Get("/v2/schemas/image", (_, _) => Task.FromResult(ImageSchema.Image())),
        Get("/v2/schemas/images", (_, _) => Task.FromResult(ImageSchema.Images())),
        ApiRoute.Get(ApiService.Cells, "/images/{id}/file", Access.Anyone, (r, stop) => ByTicketAsync(ImageTickets.ToRead, r, id => images.DownloadByTicketAsync(id, stop))),
        new(ApiService.Cells, "PUT", "/images/{id}/file", Access.Anyone, BodyShape.Raw,
            (r, stop) => ByTicketAsync(ImageTickets.ToWrite, r, id => images.ReceiveSnapshotAsync(id, r.Content!, stop))),
    ];

    // The ticket is the leave: compute cells have no tokens.
    private async Task<ApiResult> ByTicketAsync(string kind, ApiRequest request, Func<ImageId, Task<ApiResult>> serve)
    {
        if (!Guid.TryParseExact(request.Route["id"], "D", out var id))
            return ApiResult.NotFound($"No image found with ID {request.Route["id"]}");
        return tickets.Refusal(kind, new ImageId(id), request.Header(ImageTickets.Header)) is { } refusal
            ? ApiResult.Forbidden(refusal)
            : await serve(new ImageId(id));
    }

    private static ApiRoute Get(string pattern, Func<ApiRequest, CancellationToken, Task<ApiResult>> handle) =>
        ApiRoute.Get(ApiService.Image, pattern, Access.Project, handle);
}
