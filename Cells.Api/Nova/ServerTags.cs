using System.Text.Json;
using Cells.Api.Http;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>The tags of a server (Nova API, server tags; from 2.26): the home's own rows, of which no cell below is told.</summary>
internal sealed class ServerTags(ServerStore store, ICommitter committer, TimeProvider time, HomeOptions options)
{
    /// <summary>How many a server may have, and how long each may be (nova/objects/instance.py, tag.py).</summary>
    public const int Most = 50, Longest = 60;

    public async Task<ApiResult> ListAsync(RequestContext caller, string id, CancellationToken stop) =>
        await store.FindAsync(caller, id, stop) is { } server ? All(server) : ServerAccess.NoSuchServer(id);

    /// <summary>204 when it is there.</summary>
    public async Task<ApiResult> CheckAsync(RequestContext caller, string id, string tag, CancellationToken stop) =>
        await store.FindAsync(caller, id, stop) is not { } server ? ServerAccess.NoSuchServer(id)
        : server.Intent.Tags.Contains(tag, StringComparer.Ordinal) ? ApiResult.Empty(204)
        : NoSuchTag(id, tag);

    public Task<ApiResult> ReplaceAsync(RequestContext caller, string id, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, root => root.Needed("tags", Read(root, "tags")), out var tags) is { } wrong)
            return Task.FromResult(wrong);
        return ChangeAsync(caller, id, "update tags", replaces: true, tags!, remove: null, (_, after) => All(after), stop);
    }

    /// <summary>201 with its place when it is new, 204 when it was there.</summary>
    public Task<ApiResult> AddAsync(RequestContext caller, string id, string tag, CancellationToken stop)
    {
        if (Wrong(tag) is { } reason)
            return Task.FromResult(ApiResult.BadRequest($"Invalid input for field/attribute tag. {reason}"));
        return ChangeAsync(caller, id, "update tags", replaces: false, [tag], remove: null, (before, _) =>
            before.Intent.Tags.Contains(tag, StringComparer.Ordinal)
                ? ApiResult.Empty(204)
                : ApiResult.Empty(201).With("Location", NovaLinks.Self(options.BaseUrl, $"servers/{before.Intent.Id}/tags/{Uri.EscapeDataString(tag)}")), stop);
    }

    public Task<ApiResult> RemoveAsync(RequestContext caller, string id, string tag, CancellationToken stop) =>
        ChangeAsync(caller, id, "delete tags", replaces: false, [], tag, (before, _) =>
            before.Intent.Tags.Contains(tag, StringComparer.Ordinal) ? ApiResult.Empty(204) : NoSuchTag(id, tag), stop);

    public Task<ApiResult> ClearAsync(RequestContext caller, string id, CancellationToken stop) =>
        ChangeAsync(caller, id, "delete tags", replaces: true, [], remove: null, (_, _) => ApiResult.Empty(204), stop);

    /// <summary>The tags of a body, in order and each once; null when they are not there.</summary>
    public static IReadOnlyList<string>? Read(BodyObject of, string name)
    {
        if (of.Array(name) is not { } items)
            return null;
        var tags = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            var tag = item.ValueKind == JsonValueKind.String ? item.GetString()! : "";
            if (Wrong(tag) is { } reason)
                of.Problem.Note(name, reason);
            if (!tags.Add(tag))
                of.Problem.Note(name, $"'{tag}' stands there twice: its items are not unique");
        }
        if (tags.Count > Most)
            of.Problem.Note(name, $"It is too long: at most {Most} tags");
        return [.. tags];
    }

    private static string? Wrong(string tag) => tag.Length is >= 1 and <= Longest && !tag.AsSpan().ContainsAny('/', ',') && StorableText.Is(tag)
        ? null
        : $"Tag '{tag}' is invalid. It must be a string of 1 to {Longest} characters without characters '/' and ','.";

    private async Task<ApiResult> ChangeAsync(
        RequestContext caller, string id, string action, bool replaces, IReadOnlyList<string> add, string? remove,
        Func<Server, Server, ApiResult> answer, CancellationToken stop)
    {
        if (await store.FindAsync(caller, id, stop) is not { } before)
            return ServerAccess.NoSuchServer(id);
        if (ServerAccess.RefusalOfDetails(caller, before, action) is { } refusal)
            return refusal;
        var missed = await committer.TakeAsync(new ChangeTags(before.Intent.Id, replaces, add, remove, time.GetUtcNow(), caller.IsAdmin));
        if (await store.FindAsync(caller, id, stop) is not { } after)
            return ServerAccess.NoSuchServer(id);
        return missed is null
            ? answer(before, after)
            : ServerAccess.RefusalOfDetails(caller, after, action) ?? ApiResult.BadRequest($"The number of tags exceeded the per-server limit {Most}");
    }

    private static ApiResult All(Server server) => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WriteStartArray("tags");
        foreach (var tag in server.Intent.Tags)
            w.WriteStringValue(tag);
        w.WriteEndArray();
        w.WriteEndObject();
    });

    private static ApiResult NoSuchTag(string id, string tag) => ApiResult.NotFound($"Server {id} has no tag '{tag}'");
}
