using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>The caller's SSH keys (Nova API 2.1, os-keypairs).</summary>
internal sealed class NovaKeypairs(KeypairStore store, QuotaStore quotas, ICommitter committer, TimeProvider time)
{
    public async Task<ApiResult> ListAsync(RequestContext caller, CancellationToken stop)
    {
        var keys = await store.ListAsync(caller.User, stop);
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("keypairs");
            foreach (var key in keys)
                WriteWrapped(w, () => WriteKey(w, key.Name, key.Key));
            w.WriteEndArray();
            w.WriteEndObject();
        });
    }

    public async Task<ApiResult> ShowAsync(RequestContext caller, string name, CancellationToken stop)
    {
        if (await store.FindAsync(caller.User, name, stop) is not { } key)
            return NoSuchKey(caller, name);
        return ApiResult.Ok(w => WriteWrapped(w, () =>
        {
            WriteKey(w, key.Name, key.Key);
            w.WriteNumber("id", key.Number);
            w.WriteString("user_id", caller.User.ToString());
            w.WriteString("created_at", key.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff"));
            w.WriteBoolean("deleted", false);
            w.WriteNull("deleted_at");
            w.WriteNull("updated_at");
        }));
    }

    /// <summary>200 (2.1), with the private key when it was made here; it is shown this once and kept nowhere.</summary>
    public async Task<ApiResult> CreateAsync(RequestContext caller, JsonElement body, CancellationToken stop)
    {
        var problem = new Problem();
        var root = BodyObject.Root(body, problem);
        var asked = root.Object("keypair");
        var (name, publicKey) = (asked.Text("name"), asked.OptionalText("public_key", minimum: 1, maximum: 16_384));
        asked.Close();
        root.Close();
        if (name.Trim() != name || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-' or '_'))
            problem.Note("keypair.name", "Keypair name contains unsafe characters: it may have letters, digits, '-', '_' and spaces inside.");
        if (problem.Text is { } wrong)
            return ApiResult.BadRequest(wrong);

        var made = publicKey is null ? SshKey.Make() : default;
        var key = publicKey is null ? made.Public : SshKey.Parse(publicKey);
        if (key is null)
            return ApiResult.BadRequest("Keypair data is invalid: failed to generate fingerprint");
        var limits = (await quotas.StandingAsync(caller.Project!.Value, stop))?.Limits ?? QuotaLimits.Default;
        switch (await committer.CommitAsync(new Change(new LockUser(caller.User), new InsertKeypair(caller.User, name, key, limits.KeyPairs, time.GetUtcNow()))))
        {
            case CommitOutcome.Unavailable lost:
                return Unavailable.Result(lost);
            case CommitOutcome.Missed:
                return await store.FindAsync(caller.User, name, stop) is null
                    ? ApiResult.Forbidden("Quota exceeded, too many key pairs.")
                    : ApiResult.Conflict($"Key pair '{name}' already exists.");
        }
        return ApiResult.Ok(w => WriteWrapped(w, () =>
        {
            WriteKey(w, name, key);
            w.WriteString("user_id", caller.User.ToString());
            if (publicKey is null)
                w.WriteString("private_key", made.PrivatePem);
        }));
    }

    /// <summary>202 (2.1).</summary>
    public async Task<ApiResult> DeleteAsync(RequestContext caller, string name) =>
        await committer.CommitAsync(new Change(new DeleteKeypair(caller.User, name))) switch
        {
            CommitOutcome.Missed => NoSuchKey(caller, name),
            CommitOutcome.Unavailable lost => Unavailable.Result(lost),
            _ => ApiResult.Empty(202),
        };

    private static void WriteWrapped(Utf8JsonWriter w, Action write)
    {
        w.WriteStartObject();
        w.WriteStartObject("keypair");
        write();
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteKey(Utf8JsonWriter w, string name, SshKey key)
    {
        w.WriteString("name", name);
        w.WriteString("public_key", key.PublicKey);
        w.WriteString("fingerprint", key.Fingerprint);
    }

    private static ApiResult NoSuchKey(RequestContext caller, string name) =>
        ApiResult.NotFound($"Keypair {name} not found for user {caller.User}");
}
