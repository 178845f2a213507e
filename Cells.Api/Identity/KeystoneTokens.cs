using System.Buffers.Text;
using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Identity;

/// <summary>Issues, shows and revokes tokens (Keystone API v3, authentication).</summary>
internal sealed class KeystoneTokens(
    IdentityStore store, TokenSigner signer, TokenVerifier verifier, ICommitter committer, Catalog catalog, TimeProvider time, IIdSource ids, HomeOptions options)
{
    // Checked when there is no such user, so that the time taken does not tell which names exist.
    private readonly Lazy<string> _nobody = new(() => PasswordHash.Of("", ids));

    /// <summary>201 with the token in <c>X-Subject-Token</c>; 401 says nothing of which part was wrong.</summary>
    public async Task<ApiResult> IssueAsync(JsonElement body, CancellationToken stop)
    {
        var request = TokenRequest.Read(body, out var problem);
        if (problem is not null)
            return ApiResult.BadRequest(problem);
        if (request.Methods.Except(["password", "token"]).Any())
            return ApiResult.Unauthorized();
        var now = Whole(time.GetUtcNow());
        var expires = now + options.TokenLifetime;

        Token? former = null;
        if (request.TokenId is { } id)
        {
            former = await verifier.VerifyAsync(id, stop);
            if (former is null)
                return ApiResult.Unauthorized();
            expires = former.ExpiresAt;   // a token never outlives the password it goes back to
        }
        var user = request.User is { } named ? await ProveAsync(named, request.Password!, stop) : former?.User;
        if (user is null || (former is not null && former.User.Id != user.Id))
            return ApiResult.Unauthorized();

        var token = await ScopeAsync(new Token(NewAuditId(), former is null ? request.Methods : [.. request.Methods.Union(former.Methods)],
            user, null, null, false, [], now, expires), request.Scope, stop);
        return token is null
            ? ApiResult.Unauthorized()
            : ApiResult.Json(201, w => Write(w, token)).With("X-Subject-Token", signer.Sign(token));
    }

    /// <summary>Shows the token named by <c>X-Subject-Token</c>: one's own to everybody, others' to admins.</summary>
    public async Task<ApiResult> ShowAsync(Token caller, string? subject, CancellationToken stop)
    {
        var token = await verifier.VerifyAsync(subject, stop);
        return token is null ? NoSuchToken(subject)
            : MayHandle(caller, token) ? ApiResult.Ok(w => Write(w, token)).With("X-Subject-Token", subject!)
            : ApiResult.Forbidden("You are not authorized to perform the requested action: identity:validate_token.");
    }

    public async Task<ApiResult> RevokeAsync(Token caller, string? subject, CancellationToken stop)
    {
        var token = await verifier.VerifyAsync(subject, stop);
        if (token is null)
            return NoSuchToken(subject);
        if (!MayHandle(caller, token))
            return ApiResult.Forbidden("You are not authorized to perform the requested action: identity:revoke_token.");
        await committer.TakeAsync(new RevokeToken(token.AuditId, token.ExpiresAt));
        verifier.Revoked(token.AuditId, token.ExpiresAt);
        return ApiResult.Empty(204);
    }

    private async Task<NamedUser?> ProveAsync(Named named, string password, CancellationToken stop)
    {
        var user = await store.FindUserAsync(named, stop);
        var proved = PasswordHash.Matches(password, user?.PasswordHash ?? _nobody.Value);
        return proved && user is { Enabled: true } ? user.User : null;
    }

    /// <returns>Null when the scope is not there, not enabled, or the user has no role on it.</returns>
    private async Task<Token?> ScopeAsync(Token token, TokenScope scope, CancellationToken stop)
    {
        switch (scope)
        {
            case TokenScope.Project asked:
                if (await store.FindProjectAsync(asked.Named, stop) is not { Enabled: true } project)
                    return null;
                return await WithRolesAsync(token with { Project = project.Project }, ("project", project.Project.Id.ToString()), stop);
            case TokenScope.Domain asked:
                if (await store.FindDomainAsync(asked.Id, asked.Name, stop) is not { Enabled: true } domain)
                    return null;
                return await WithRolesAsync(token with { Domain = domain.Domain }, ("domain", domain.Domain.Id), stop);
            case TokenScope.System:
                return await WithRolesAsync(token with { System = true }, ("system", "all"), stop);
            default:
                return token;
        }
    }

    private async Task<Token?> WithRolesAsync(Token token, (string Kind, string Id) target, CancellationToken stop)
    {
        var roles = await store.RolesAsync(token.User.Id, target, stop);
        return roles.Count == 0 ? null : token with { Roles = roles };
    }

    private void Write(Utf8JsonWriter w, Token token)
    {
        w.WriteStartObject();
        w.WriteStartObject("token");
        w.WriteStartArray("methods");
        foreach (var method in token.Methods)
            w.WriteStringValue(method);
        w.WriteEndArray();
        w.WriteStartObject("user");
        w.WriteString("id", token.User.Id.ToString());
        w.WriteString("name", token.User.Name);
        WriteDomain(w, token.User.Domain);
        w.WriteNull("password_expires_at");
        w.WriteEndObject();
        if (token.Project is { } project)
        {
            w.WriteStartObject("project");
            w.WriteString("id", project.Id.ToString());
            w.WriteString("name", project.Name);
            WriteDomain(w, project.Domain);
            w.WriteEndObject();
            w.WriteBoolean("is_domain", false);
        }
        if (token.Domain is { } domain)
            WriteDomain(w, domain);
        if (token.System)
        {
            w.WriteStartObject("system");
            w.WriteBoolean("all", true);
            w.WriteEndObject();
        }
        if (token.Roles.Count > 0)
        {
            w.WriteStartArray("roles");
            foreach (var role in token.Roles)
            {
                w.WriteStartObject();
                w.WriteString("id", role.Id.ToString("N"));
                w.WriteString("name", role.Name);
                w.WriteEndObject();
            }
            w.WriteEndArray();
            w.WritePropertyName("catalog");
            catalog.Write(w);
        }
        w.WriteStartArray("audit_ids");
        w.WriteStringValue(token.AuditId);
        w.WriteEndArray();
        w.WriteString("issued_at", KeystoneTime(token.IssuedAt));
        w.WriteString("expires_at", KeystoneTime(token.ExpiresAt));
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteDomain(Utf8JsonWriter w, NamedDomain domain)
    {
        w.WriteStartObject("domain");
        w.WriteString("id", domain.Id);
        w.WriteString("name", domain.Name);
        w.WriteEndObject();
    }

    private static bool MayHandle(Token caller, Token subject) => caller.IsAdmin || caller.User.Id == subject.User.Id;

    private static ApiResult NoSuchToken(string? subject) => string.IsNullOrEmpty(subject)
        ? ApiResult.BadRequest("Name the token in the header X-Subject-Token.")
        : ApiResult.NotFound("This is not a recognized token.");

    private static string KeystoneTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");

    private static DateTimeOffset Whole(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));

    private string NewAuditId()
    {
        Span<byte> bytes = stackalloc byte[16];
        ids.Fill(bytes);
        return Base64Url.EncodeToString(bytes);
    }
}
