using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>A flavor's row. What a server gets by it never changes but its extra specs; <paramref name="Made"/> tells it from an earlier
/// one of the same id and from itself with other specs.</summary>
internal sealed record StoredFlavor(
    Flavor Flavor, double RxtxFactor, bool IsPublic, IReadOnlyDictionary<string, string> ExtraSpecs, DateTimeOffset CreatedAt, Guid Made,
    string? Description)
{
    /// <summary>Those that may use it while it is not public.</summary>
    public IReadOnlyList<ProjectId> Projects { get; init; } = [];

    /// <summary>Whether the caller may see it and order by it.</summary>
    public bool IsOpenTo(RequestContext caller) => IsPublic || caller.IsAdmin || (caller.Project is { } project && Projects.Contains(project));
}
