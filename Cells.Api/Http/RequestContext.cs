using Cells.Contracts;

namespace Cells.Api.Http;

/// <summary>Who asks, in which project, and under which request id: what a verified token says of one request.</summary>
/// <param name="Project">Null for a token that is not scoped to a project.</param>
/// <param name="RequestId"><c>req-</c> and a uuid; the client is told it, and it goes down with every command.</param>
/// <param name="TraceParent">W3C trace context of the request; null when there is none.</param>
public sealed record RequestContext(
    UserId User, ProjectId? Project, IReadOnlyList<string> Roles, string RequestId, string? TraceParent)
{
    /// <summary>The shape of the compute API that was asked for; its lowest where no version is negotiated.</summary>
    public Microversion Version { get; init; } = Microversion.Minimum;

    public bool IsAdmin => Roles.Contains("admin");

    /// <summary>Readers see; members and admins change.</summary>
    public bool MayChange => IsAdmin || Roles.Contains("member");
}
