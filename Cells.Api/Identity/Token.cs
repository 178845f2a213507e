using System.Text.Json.Serialization;
using Cells.Contracts;

namespace Cells.Api.Identity;

/// <summary>What a token says, whole: nothing needs to be looked up to know who asks for what. Signed, not secret.</summary>
/// <param name="AuditId">Names the token without being it; revocations are by it.</param>
/// <param name="Project">At most one of project, domain and system is set; none is an unscoped token, without roles.</param>
public sealed record Token(
    string AuditId,
    IReadOnlyList<string> Methods,
    NamedUser User,
    NamedProject? Project,
    NamedDomain? Domain,
    bool System,
    IReadOnlyList<NamedRole> Roles,
    DateTimeOffset IssuedAt,
    DateTimeOffset ExpiresAt)
{
    public bool IsAdmin => Roles.Any(role => role.Name == "admin");
}

public sealed record NamedUser(UserId Id, string Name, NamedDomain Domain);

public sealed record NamedProject(ProjectId Id, string Name, NamedDomain Domain);

public sealed record NamedDomain(string Id, string Name);

public sealed record NamedRole(Guid Id, string Name);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Token))]
internal sealed partial class TokenJson : JsonSerializerContext;
