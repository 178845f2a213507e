using Cells.Api.Dispatch;
using Cells.Api.Http;
using Cells.Api.Images;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>
/// Images of servers (Nova API 2.1, createImage and createBackup). The image is there, queued, from the acceptance on; its bytes come from the server's cell, and
/// it goes again when the action does not end well.
/// </summary>
public sealed class NovaSnapshots
{
    private readonly ServerStore _store;
    private readonly ImageStore _images;
    private readonly IServerDispatch _dispatch;
    private readonly TimeProvider _time;
    private readonly IIdSource _ids;
    private readonly HomeOptions _options;

    internal NovaSnapshots(ServerStore store, ImageStore images, IServerDispatch dispatch, TimeProvider time, IIdSource ids, HomeOptions options) =>
        (_store, _images, _dispatch, _time, _ids, _options) = (store, images, dispatch, time, ids, options);

    /// <summary>202 once intent, image and command are committed together; 409 when the server's state does not take it.</summary>
    internal Task<ApiResult> CreateAsync(RequestContext caller, string id, AskedSnapshot asked, CancellationToken stop) => Unavailable.GuardAsync(async () =>
    {
        if (!caller.MayChange)
            return ServerAccess.NotAllowed(asked.BackupType is null ? "servers:create_image" : "os-create-backup");
        return await Attempts.RunAsync(async () =>
        {
            if (await _store.FindAsync(caller, id, stop) is not { } server)
                return ServerAccess.NoSuchServer(id);
            var verdict = InstanceLifecycle.Judge(asked.Action, server.Intent.Id, server.Guarded(caller));
            if (verdict.Refusal is { } refused)
                return ApiResult.Conflict(refused);
            if (server.Intent.Desired == Desired.Deleted)
                return ApiResult.Conflict($"Cannot '{asked.Action.RequestName()}' instance {id} while it is in task_state deleting");
            var image = await DescribeAsync(caller, server.Intent, asked, stop);
            var outcome = await AcceptAsync(caller, server.Intent, asked, image, verdict.Task, stop);
            if (outcome is DispatchOutcome.NotHeld)
                return ApiResult.Conflict($"Instance {id} is not ready");
            return outcome.IsCommitted() ? Accepted(caller.Version, image.Id) : outcome.Refusal();
        }, $"Server {id} changed with every attempt; nothing was done.");
    });

    private Task<DispatchOutcome> AcceptAsync(
        RequestContext caller, InstanceIntent server, AskedSnapshot asked, StoredImage image, TaskState task, CancellationToken stop)
    {
        var intent = new AcceptAction(server.Id, server.Number + 1, task, server.Lock, caller.RequestId, image.CreatedAt, image.CreatedAt + _options.IntentTerm);
        return _dispatch.ActAsync(
            new ActOnInstance(server.Id, 0, intent.Number, server.Project, caller.User, caller.RequestId, asked.Action) { Snapshot = image.Id },
            [
                intent,
                new InsertAction(new ServerAction(server.Id, caller.RequestId, asked.Action, intent.Number, server.Project, caller.User, image.CreatedAt, null)),
                new InsertImage(image),
                new InsertSnapshot(image.Id, server.Id, intent.Number, asked.Rotation),
            ],
            intent.Deadline, caller.TraceParent, stop);
    }

    /// <summary>Private to the server's project, raw as disks are here; the properties that Nova gives it, and on top of them what was asked.</summary>
    private async Task<StoredImage> DescribeAsync(RequestContext caller, InstanceIntent server, AskedSnapshot asked, CancellationToken stop)
    {
        var properties = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["base_image_ref"] = server.Image.Id.ToString(),
            ["image_type"] = asked.BackupType is null ? "snapshot" : "backup",
            ["instance_uuid"] = server.Id.ToString(),
            ["user_id"] = caller.User.ToString(),
        };
        foreach (var (name, value) in asked.Metadata.Where(item => !ImageBody.IsOwn(item.Key)))
            properties[name] = value;
        if (asked.BackupType is { } type)
            properties["backup_type"] = type;
        var source = await _images.FindAsync(server.Image.Id, stop);
        var now = NovaServers.Microseconds(_time.GetUtcNow());
        return new StoredImage(
            new ImageId(_ids.NewGuid()), server.Project, asked.Name, "private", Protected: false, Hidden: false, "raw", "bare",
            (int)server.Flavor.DiskGib, source?.MinRamMib ?? 0, [], properties, Data: null, now, now, Generation: 1);
    }

    /// <summary>The image's id in the body from 2.45, where it is before.</summary>
    private ApiResult Accepted(Microversion version, ImageId image) => version.Has(45)
        ? ApiResult.Json(202, w =>
        {
            w.WriteStartObject();
            w.WriteString("image_id", image.Value);
            w.WriteEndObject();
        })
        : ApiResult.Empty(202).With("Location", $"{_options.BaseUrl}/image/v2/images/{image}");
}
