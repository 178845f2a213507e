using System.Text.Json;
using Cells.Api.Http;

namespace Cells.Api.Identity;

/// <summary>What POST /v3/auth/tokens asks: who, proved how, for which scope (Keystone API v3, authentication).</summary>
/// <param name="Methods">password, token; one is enough.</param>
internal sealed record TokenRequest(IReadOnlyList<string> Methods, Named? User, string? Password, string? TokenId, TokenScope Scope)
{
    /// <param name="problem">What is wrong with the body; null when nothing is.</param>
    public static TokenRequest Read(JsonElement body, out string? problem)
    {
        var found = new Problem();
        var auth = BodyObject.Root(body, found).Object("auth");
        var identity = auth.Object("identity");
        var methods = identity.Array("methods")?.Where(m => m.ValueKind == JsonValueKind.String).Select(m => m.GetString()!).ToList() ?? [];
        if (methods.Count == 0)
            found.Note("auth.identity.methods", "Name at least one method: password, token.");

        Named? user = null;
        string? password = null;
        if (methods.Contains("password"))
        {
            var who = identity.Object("password").Object("user");
            user = ReadNamed(who);
            password = who.Text("password", minimum: 0, maximum: 4096);
        }
        var token = methods.Contains("token") ? identity.Object("token").Text("id", maximum: 16_384) : null;
        var scope = auth.Any("scope") is { } asked ? ReadScope(asked, found) : new TokenScope.None();
        problem = found.Text;
        return new TokenRequest(methods, user, password, token, scope);
    }

    private static TokenScope ReadScope(JsonElement scope, Problem problem)
    {
        if (scope.ValueKind == JsonValueKind.Null || (scope.ValueKind == JsonValueKind.String && scope.ValueEquals("unscoped")))
            return new TokenScope.None();
        var asked = new BodyObject(scope, "auth.scope", problem);
        if (asked.OptionalObject("project") is { } project)
            return new TokenScope.Project(ReadNamed(project));
        if (asked.OptionalObject("domain") is { } domain)
            return new TokenScope.Domain(domain.OptionalText("id"), domain.OptionalText("name"));
        if (asked.OptionalObject("system") is { } system && system.Boolean("all") == true)
            return new TokenScope.System();
        problem.Note("auth.scope", "A scope is a project, a domain, or the system with all: true.");
        return new TokenScope.None();
    }

    private static Named ReadNamed(BodyObject named)
    {
        var (id, name) = (named.OptionalText("id"), named.OptionalText("name"));
        var domain = named.OptionalObject("domain");
        if (id is null && name is null)
            named.Problem.Note("auth", "A user or project is named by its id, or by its name and its domain.");
        if (id is null && domain is null)
            named.Problem.Note("auth", $"The name '{name}' needs its domain (id or name).");
        return new Named(id, id is null ? name : null, domain?.OptionalText("id"), domain?.OptionalText("name"));
    }
}

internal abstract record TokenScope
{
    private TokenScope() { }

    public sealed record None : TokenScope;
    public sealed record Project(Named Named) : TokenScope;
    public sealed record Domain(string? Id, string? Name) : TokenScope;
    public sealed record System : TokenScope;
}
