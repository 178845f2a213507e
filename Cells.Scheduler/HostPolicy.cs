using Cells.Scheduler.Filters;
using Cells.Scheduler.Weighers;

namespace Cells.Scheduler;

/// <summary>Which filters reject (in the order that rejects cheapest first) and which weighers rank, each with its multiplier.</summary>
public sealed record HostPolicy(string Name, IReadOnlyList<IHostFilter> Filters, IReadOnlyList<(IHostWeigher Weigher, double Multiplier)> Weighers)
{
    private static readonly IReadOnlyList<IHostFilter> AllFilters =
        [new AvailableFilter(), new ZoneFilter(), new AggregateFilter(), new NetworksFilter(), new ResourcesFilter(), new StorageFilter()];

    public static readonly HostPolicy Pack = new("pack", AllFilters, [(new PackWeigher(), 1.0)]);
    public static readonly HostPolicy Spread = new("spread", AllFilters, [(new SpreadWeigher(), 1.0)]);

    /// <exception cref="CellsException">No policy has that name; the message lists those that exist.</exception>
    public static HostPolicy Named(string name) => name switch
    {
        "pack" => Pack,
        "spread" => Spread,
        _ => throw new Contracts.CellsException($"There is no placement policy '{name}'. Policies: pack, spread."),
    };
}
