using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>SSH keys of users (Nova API, os-keypairs).</summary>
internal sealed class NovaKeypairs(KeypairStore store, QuotaStore quotas, ICommitter committer, TimeProvider time, HomeOptions options)
{
    public const int MaximumLimit = 1_000;

    public async Task<ApiResult> ListAsync(RequestContext caller, Query query, CancellationToken stop)
    {
        if (OwnerOf(caller, query["user_id"]) is not { } owner)
            return ServerAccess.NotAllowed("os-keypairs:index");
        var version = caller.Version;
        var (limit, problem) = (int.MaxValue, (string?)null);
        if (version.Has(35))
            limit = query.Limit(MaximumLimit, out problem);
        if (problem is not null)
            return ApiResult.BadRequest(problem);
        var marker = version.Has(35) ? query["marker"] : null;
        if ((await store.ListAsync(owner, stop)).Cut(key => key.Name, marker, limit) is not { } page)
            return Pages.NoMarker(marker);
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("keypairs");
            foreach (var key in page.Items)
                WriteWrapped(w, () => WriteKey(w, key.Name, key.Key, version));
            w.WriteEndArray();
            NovaLinks.WriteNext(w, "keypairs_links", options.BaseUrl, "os-keypairs", query, page.Next);
            w.WriteEndObject();
        });
    }

    public async Task<ApiResult> ShowAsync(RequestContext caller, string name, Query query, CancellationToken stop)
    {
        if (OwnerOf(caller, query["user_id"]) is not { } owner)
            return ServerAccess.NotAllowed("os-keypairs:show");
        if (await store.FindAsync(owner, name, stop) is not { } key)
            return NoSuchKey(owner, name);
        return ApiResult.Ok(w => WriteWrapped(w, () =>
        {
            WriteKey(w, key.Name, key.Key, caller.Version);
            w.WriteNumber("id", key.Number);
            w.WriteString("user_id", owner.ToString());
            w.WriteString("created_at", key.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff"));
            w.WriteBoolean("deleted", false);
            w.WriteNull("deleted_at");
            w.WriteNull("updated_at");
        }));
    }

    /// <summary>200, from 2.2 on 201, with the private key when it was made here; it is shown this once and kept nowhere.</summary>
    public async Task<ApiResult> CreateAsync(RequestContext caller, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, "keypair", asked => Read(asked, caller), out var read) is { } wrong)
            return wrong;
        var (name, publicKey) = (read.Name, read.PublicKey);
        if (read.Owner is not { } user)
            return ServerAccess.NotAllowed("os-keypairs:create");
        if (user != caller.User && !await store.IsUserAsync(user, stop))
            return ApiResult.BadRequest($"User {user} could not be found.");

        var made = publicKey is null ? SshKey.Make() : default;
        var key = publicKey is null ? made.Public : SshKey.Parse(publicKey);
        if (key is null)
            return ApiResult.BadRequest("Keypair data is invalid: failed to generate fingerprint");
        var limits = (await quotas.StandingAsync(caller.Project!.Value, stop))?.Limits ?? QuotaLimits.Default;
        if (await committer.TakeAsync(new LockUser(user), new InsertKeypair(user, name, key, limits.KeyPairs, time.GetUtcNow())) is not null)
            return await store.FindAsync(user, name, stop) is null
                ? ApiResult.Forbidden("Quota exceeded, too many key pairs.")
                : ApiResult.Conflict($"Key pair '{name}' already exists.");
        return ApiResult.Json(caller.Version.Has(2) ? 201 : 200, w => WriteWrapped(w, () =>
        {
            WriteKey(w, name, key, caller.Version);
            w.WriteString("user_id", user.ToString());
            if (publicKey is null)
                w.WriteString("private_key", made.PrivatePem);
        }));
    }

    /// <summary>202, from 2.2 on 204.</summary>
    public async Task<ApiResult> DeleteAsync(RequestContext caller, string name, Query query)
    {
        if (OwnerOf(caller, query["user_id"]) is not { } owner)
            return ServerAccess.NotAllowed("os-keypairs:delete");
        return await committer.TakeAsync(new DeleteKeypair(owner, name)) is null ? ApiResult.Empty(caller.Version.Has(2) ? 204 : 202) : NoSuchKey(owner, name);
    }

    private static (string Name, string? PublicKey, UserId? Owner) Read(BodyObject asked, RequestContext caller)
    {
        var (name, publicKey) = (asked.Text("name"), asked.OptionalText("public_key", minimum: 1, maximum: 16_384));
        if (caller.Version.Has(2) && asked.OptionalText("type") is { } type && type != "ssh")
            asked.Problem.Note("keypair.type", $"Value: {type}. This cloud keeps keys of type ssh only.");
        if (name.Trim() != name || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-' or '_'))
            asked.Problem.Note("keypair.name", "Keypair name contains unsafe characters: it may have letters, digits, '-', '_' and spaces inside.");
        return (name, publicKey, OwnerOf(caller, caller.Version.Has(10) ? asked.OptionalText("user_id", minimum: 1) : null));
    }

    /// <summary>Whose keys are meant: from 2.10 on an admin may name another user. Null when the caller may not.</summary>
    private static UserId? OwnerOf(RequestContext caller, string? asked)
    {
        if (asked is null || !caller.Version.Has(10) || asked == caller.User.ToString())
            return caller.User;
        return caller.IsAdmin ? new UserId(Guid.TryParse(asked, out var id) ? id : Guid.Empty) : null;
    }

    private static void WriteWrapped(Utf8JsonWriter w, Action write)
    {
        w.WriteStartObject();
        w.WriteStartObject("keypair");
        write();
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteKey(Utf8JsonWriter w, string name, SshKey key, Microversion version)
    {
        w.WriteString("name", name);
        w.WriteString("public_key", key.PublicKey);
        w.WriteString("fingerprint", key.Fingerprint);
        if (version.Has(2))
            w.WriteString("type", "ssh");
    }

    private static ApiResult NoSuchKey(UserId owner, string name) =>
        ApiResult.NotFound($"Keypair {name} not found for user {owner}");
}
