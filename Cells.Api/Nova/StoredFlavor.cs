using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>A flavor's row. What a server gets by it never changes but its extra specs; <paramref name="Made"/> tells it from an earlier
/// one of the same id and from itself with other specs.</summary>
internal sealed record StoredFlavor(
    Flavor Flavor, double RxtxFactor, bool IsPublic, IReadOnlyDictionary<string, string> ExtraSpecs, DateTimeOffset CreatedAt, Guid Made,
    string? Description);
