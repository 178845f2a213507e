using Cells.Contracts;

namespace Cells.Compute.Placement;

/// <summary>One resource of a host or an SR: what it has, what we promised, what others use.</summary>
/// <param name="Ratio">How far it may be promised beyond its capacity; 1 is not at all.</param>
/// <param name="Outside">Used by what is not ours, as last shown. May make it overfull: that is shown, and it takes nothing new.</param>
internal sealed record Provider(
    ProviderId Id, Resource Resource, ProviderKind Kind, long Capacity, double Ratio, long Reserve, long Promised, long Outside)
{
    public long Limit => (long)(Capacity * Ratio) - Reserve;

    /// <summary>Negative when overfull.</summary>
    public long Free => Limit - Promised - Outside;
}

/// <summary>Numbers are stored: never reuse one.</summary>
internal enum ProviderKind
{
    Host = 1,
    Sr = 2,
}
