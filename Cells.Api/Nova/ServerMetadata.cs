using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>The metadata of a server (Nova API, server metadata): the home's own rows, of which no cell below is told.</summary>
internal sealed class ServerMetadata(ServerStore store, QuotaStore quotas, ICommitter committer, TimeProvider time)
{
    private static readonly SortedDictionary<string, string> Nothing = [];

    public async Task<ApiResult> ListAsync(RequestContext caller, string id, CancellationToken stop) =>
        await store.FindAsync(caller, id, stop) is { } server ? Whole(server) : ServerAccess.NoSuchServer(id);

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, string key, CancellationToken stop) =>
        await store.FindAsync(caller, id, stop) is not { } server ? ServerAccess.NoSuchServer(id)
        : server.Intent.Metadata.TryGetValue(key, out var value) ? One(key, value)
        : NoSuchItem();

    /// <summary>Adds and overwrites; with <paramref name="replaces"/> what is not named goes.</summary>
    public Task<ApiResult> UpdateAsync(RequestContext caller, string id, JsonElement body, bool replaces, CancellationToken stop)
    {
        if (BodyObject.Read(body, root => root.Needed("metadata", MetadataItems.Read(root, "metadata")), out var items) is { } wrong)
            return Task.FromResult(wrong);
        return ChangeAsync(caller, id, "update metadata", replaces, items!, remove: null, Whole, stop);
    }

    /// <summary>Body: <c>{"meta": {key: value}}</c>.</summary>
    public Task<ApiResult> SetAsync(RequestContext caller, string id, string key, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, root => ReadOne(root, key), out var items) is { } wrong)
            return Task.FromResult(wrong);
        return ChangeAsync(caller, id, "update metadata", replaces: false, items!, remove: null, _ => One(key, items![key]), stop);
    }

    public async Task<ApiResult> RemoveAsync(RequestContext caller, string id, string key, CancellationToken stop) =>
        await store.FindAsync(caller, id, stop) is { } server && !server.Intent.Metadata.ContainsKey(key)
            ? NoSuchItem()
            : await ChangeAsync(caller, id, "delete metadata", replaces: false, Nothing, key, _ => ApiResult.Empty(204), stop);

    private static IReadOnlyDictionary<string, string>? ReadOne(BodyObject root, string key)
    {
        var items = MetadataItems.Read(root, "meta");
        if (items is not { Count: 1 })
            root.Problem.Note("meta", "Request body contains too many items, or none.");
        else if (!items.ContainsKey(key))
            root.Problem.Note("meta", "Request body and URI mismatch");
        return items;
    }

    private async Task<ApiResult> ChangeAsync(
        RequestContext caller, string id, string action, bool replaces, IReadOnlyDictionary<string, string> items, string? remove,
        Func<Server, ApiResult> answer, CancellationToken stop)
    {
        if (await store.FindAsync(caller, id, stop) is not { } server)
            return ServerAccess.NoSuchServer(id);
        if (ServerAccess.RefusalOfDetails(caller, server, action) is { } refusal)
            return refusal;
        var limit = (await quotas.StandingAsync(server.Intent.Project, stop))?.Limits.MetadataItems ?? QuotaLimits.Default.MetadataItems;
        var change = new ChangeMetadata(server.Intent.Id, replaces, items, remove, limit, time.GetUtcNow(), caller.IsAdmin);
        var missed = await committer.TakeAsync(change);
        if (await store.FindAsync(caller, id, stop) is not { } after)
            return ServerAccess.NoSuchServer(id);
        return missed is null
            ? answer(after)
            : ServerAccess.RefusalOfDetails(caller, after, action) ?? ApiResult.Forbidden($"Maximum number of metadata items exceeds {limit}");
    }

    private static ApiResult Whole(Server server) => ApiResult.Ok(w => WriteItems(w, "metadata", server.Intent.Metadata));

    private static ApiResult One(string key, string value) => ApiResult.Ok(w => WriteItems(w, "meta", new SortedDictionary<string, string> { [key] = value }));

    private static void WriteItems(Utf8JsonWriter w, string name, IReadOnlyDictionary<string, string> items)
    {
        w.WriteStartObject();
        w.WriteStartObject(name);
        foreach (var (key, value) in items)
            w.WriteString(key, value);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static ApiResult NoSuchItem() => ApiResult.NotFound("Metadata item was not found");
}
