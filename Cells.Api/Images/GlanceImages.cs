using System.Collections.Concurrent;
using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Microsoft.Extensions.Logging;

namespace Cells.Api.Images;

/// <summary>Images (Glance API v2). Those with bytes are active; without, queued; while this node receives their bytes, saving.</summary>
internal sealed partial class GlanceImages(
    ImageStore store, SnapshotStore snapshots, ImageFiles files, ICommitter committer, TimeProvider time, IIdSource ids)
{
    private const int DiskFull = 28;   // ENOSPC
    private readonly ConcurrentDictionary<ImageId, bool> _uploading = new();

    /// <summary>To be called once, before requests are served: removes the files of uploads and images that a crash left behind.</summary>
    public async Task RemoveLeftoversAsync(TimeSpan olderThan, ILogger logger, CancellationToken stop)
    {
        var before = time.GetUtcNow() - olderThan;
        files.RemoveLeftovers((await store.FilesAsync(stop)).ToHashSet(StringComparer.Ordinal), olderThan == TimeSpan.Zero ? null : before, logger);
    }

    public async Task<ApiResult> CreateAsync(RequestContext caller, JsonElement body, CancellationToken stop)
    {
        if (!caller.MayChange)
            return NotAllowed("add_image");
        var image = ImageBody.Read(body, new ImageId(ids.NewGuid()), caller.Project!.Value, time.GetUtcNow(), out var problem);
        if (image is null)
            return ApiResult.BadRequest(problem!);
        if (image.Visibility == "public" && !caller.IsAdmin)
            return NotAllowed("publicize_image");
        return await committer.TakeAsync(new InsertImage(image)) is null
            ? ApiResult.Json(201, w => ImageView.Write(w, image, "queued")).With("Location", $"/image/v2/images/{image.Id}")
            : ApiResult.Conflict($"Image ID {image.Id} already exists!");
    }

    public async Task<ApiResult> ListAsync(RequestContext caller, Query query, CancellationToken stop)
    {
        var asked = ImageList.Read(query, caller.IsAdmin ? null : caller.Project, out var problem);
        if (asked is null)
            return ApiResult.BadRequest(problem!);
        var images = await store.ListAsync(asked.Filter, asked.Order, asked.Marker, asked.Limit, stop);
        if (images is null)
            return ApiResult.BadRequest($"Marker {asked.Marker} could not be found.");
        var next = images.Count > 0 && images.Count == asked.Limit ? $"/v2/images?{query.With("marker", images[^1].Id.ToString())}" : null;
        var shown = images.Select(image => (Image: image, Status: StatusOf(image))).Where(row => asked.Status is null || row.Status == asked.Status);
        return ApiResult.Ok(w => ImageView.WriteList(w, shown, query, next));
    }

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, CancellationToken stop) =>
        await FindAsync(caller, id, stop) is { } image ? ApiResult.Ok(w => ImageView.Write(w, image, StatusOf(image))) : NoSuchImage(id);

    /// <summary>204 once the bytes are flushed and the image is active. What ends before leaves it queued, without bytes.</summary>
    public async Task<ApiResult> UploadAsync(RequestContext caller, string id, Stream content, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } image)
            return NoSuchImage(id);
        if (!MayChange(caller, image))
            return NotAllowed("upload_image");
        if (image.DiskFormat is null || image.ContainerFormat is null)
            return ApiResult.BadRequest("Properties disk_format, container_format must be set prior to saving data.");
        if (await snapshots.FindAsync(image.Id, stop) is not null)
            return ApiResult.Conflict($"Image {image.Id} is a snapshot: its bytes come from its server's disk.");
        return await TakeAsync(image, content, _ => null, stop);
    }

    /// <summary>One upload of an image at a time; what ends before its end leaves it as it was.</summary>
    /// <param name="judge">Asked of what came, before it counts: why it is not taken, or null.</param>
    private async Task<ApiResult> TakeAsync(StoredImage image, Stream content, Func<ImageData, ApiResult?> judge, CancellationToken stop)
    {
        if (image.Data is not null || !_uploading.TryAdd(image.Id, true))
            return ApiResult.Conflict($"Image status transition from {StatusOf(image)} to saving is not allowed");
        try
        {
            return await ReceiveAsync(image, content, judge, stop);
        }
        catch (IOException error) when ((error.HResult & 0xffff) == DiskFull)
        {
            return ApiResult.Refuse(413, "Image storage media is full: the image is still queued, without bytes.");
        }
        finally
        {
            _uploading.TryRemove(image.Id, out _);
        }
    }

    public async Task<ApiResult> DownloadAsync(RequestContext caller, string id, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } image)
            return NoSuchImage(id);
        return image.Data is { } data ? Send(data) : ApiResult.Empty(204);
    }

    /// <summary>The same bytes for a compute cell that holds a ticket.</summary>
    public async Task<ApiResult> DownloadByTicketAsync(ImageId id, CancellationToken stop) =>
        await store.FindAsync(id, stop) is { Data: { } data } ? Send(data) : NoSuchImage(id.ToString());

    public async Task<ApiResult> DeleteAsync(RequestContext caller, string id, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } image)
            return NoSuchImage(id);
        if (!MayChange(caller, image))
            return NotAllowed("delete_image");
        if (image.Protected)
            return ApiResult.Forbidden($"Image {image.Id} is protected and cannot be deleted.");
        // The cell that sends a snapshot is told that nobody wants it any more.
        if (_uploading.ContainsKey(image.Id) && await snapshots.FindAsync(image.Id, stop) is null)
            return ApiResult.Conflict($"Image {image.Id} could not be deleted because its bytes are being received.");
        if (await committer.TakeAsync(new DeleteImage(image.Id)) is not null)
            return await FindAsync(caller, id, stop) is null
                ? NoSuchImage(id)
                : ApiResult.Forbidden($"Image {image.Id} is protected and cannot be deleted.");
        store.Forget(image.Id);
        if (image.Data is { } data)
            files.Delete(data.FileName);
        return ApiResult.Empty(204);
    }

    public async Task<ApiResult> PatchAsync(RequestContext caller, string id, JsonElement body, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } image)
            return NoSuchImage(id);
        if (!MayChange(caller, image))
            return NotAllowed("modify_image");
        var (changed, refusal) = ImagePatch.Apply(image, body);
        if (changed is null)
            return refusal!;
        if (changed.Visibility == "public" && image.Visibility != "public" && !caller.IsAdmin)
            return NotAllowed("publicize_image");
        changed = changed with { UpdatedAt = time.GetUtcNow() };
        if (await committer.TakeAsync(new UpdateImage(changed)) is not null)
            return ApiResult.Conflict($"Image {image.Id} was changed by another request meanwhile; nothing of this one was done. Read it and ask again.");
        store.Forget(image.Id);
        return ApiResult.Ok(w => ImageView.Write(w, changed, StatusOf(changed)));
    }

    private async Task<ApiResult> ReceiveAsync(StoredImage image, Stream content, Func<ImageData, ApiResult?> judge, CancellationToken stop)
    {
        var data = await files.WriteAsync($"{image.Id}-{ids.NewGuid():N}", content, stop);
        if (judge(data) is { } refusal)
        {
            files.Delete(data.FileName);
            return refusal;
        }
        switch (await committer.CommitAsync(new Change(new SetImageData(image.Id, data, time.GetUtcNow()))))
        {
            case CommitOutcome.Unavailable lost:
                files.Delete(data.FileName);
                return Unavailable.Result(lost);
            case CommitOutcome.Missed:
                files.Delete(data.FileName);
                return ApiResult.Conflict($"Image {image.Id} got its bytes from another upload, or was deleted, meanwhile.");
        }
        store.Forget(image.Id);
        return ApiResult.Empty(204);
    }

    /// <summary>Null when it is not there or not for the caller's eyes: the two look the same.</summary>
    private async Task<StoredImage?> FindAsync(RequestContext caller, string id, CancellationToken stop)
    {
        if (!Guid.TryParseExact(id, "D", out var uuid) || await store.FindAsync(new ImageId(uuid), stop) is not { } image)
            return null;
        return caller.IsAdmin || image.Owner == caller.Project || image.Visibility is "public" or "community" ? image : null;
    }

    private string StatusOf(StoredImage image) => image.Data is not null ? "active" : _uploading.ContainsKey(image.Id) ? "saving" : "queued";

    private ApiResult Send(ImageData data) =>
        ApiResult.Send(new FileContent(files.PathOf(data), "application/octet-stream")).With("Content-MD5", data.Md5);

    private static bool MayChange(RequestContext caller, StoredImage image) => caller.IsAdmin || (image.Owner == caller.Project && caller.MayChange);

    private static ApiResult NoSuchImage(string id) => ApiResult.NotFound($"No image found with ID {id}");

    private static ApiResult NotAllowed(string action) => ApiErrors.NotAllowed(ApiService.Image, action);
}
