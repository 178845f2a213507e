using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>A flavor's row. It never changes, its extra specs apart; <paramref name="Made"/> tells it from an earlier one of the same id.</summary>
internal sealed record StoredFlavor(
    Flavor Flavor, double RxtxFactor, bool IsPublic, IReadOnlyDictionary<string, string> ExtraSpecs, DateTimeOffset CreatedAt, Guid Made);
