using System.Text.Json;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;

namespace Cells.Compute.Showing;

/// <summary>A replicated row of the fleet as it is committed.</summary>
/// <param name="Gone">A tombstone: the thing is not there any more.</param>
internal sealed record ShownRow(string Kind, string Key, long Generation, string Body, bool Gone, DateTimeOffset UpdatedAt)
{
    public static ShownRow Of(string key, IFleetRow row, bool gone, DateTimeOffset now) => row switch
    {
        PoolRow pool => new(PoolRow.Kind, key, row.Generation, JsonSerializer.Serialize(pool, WireJsonContext.Default.PoolRow), gone, now),
        DriftRow drift => new(DriftRow.Kind, key, row.Generation, JsonSerializer.Serialize(drift, WireJsonContext.Default.DriftRow), gone, now),
        _ => throw new ArgumentException($"{row.GetType().Name} is no row of a fleet", nameof(row)),
    };

    /// <summary>Null for a kind that this version does not show: a later one left it.</summary>
    public IFleetRow? Read() => Kind switch
    {
        PoolRow.Kind => JsonSerializer.Deserialize(Body, WireJsonContext.Default.PoolRow),
        DriftRow.Kind => JsonSerializer.Deserialize(Body, WireJsonContext.Default.DriftRow),
        _ => null,
    };

    /// <summary>The same row as another generation of it.</summary>
    public static IFleetRow At(IFleetRow row, long generation) => row switch
    {
        PoolRow pool => pool with { Generation = generation },
        DriftRow drift => drift with { Generation = generation },
        _ => throw new ArgumentException($"{row.GetType().Name} is no row of a fleet", nameof(row)),
    };
}
