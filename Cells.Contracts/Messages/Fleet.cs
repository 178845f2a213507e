namespace Cells.Contracts.Messages;

/// <summary>
/// State lane: what a compute cell says of its fleet beside instances and hosts. The row's kind and key name it in the whole tree; copies merge by
/// generation.
/// </summary>
public interface IFleetRow
{
    CellName Cell { get; }

    /// <summary>Rises with every change of the row.</summary>
    long Generation { get; }
}

/// <summary>State lane, kind "pool": how a compute cell stands to a pool of its configuration.</summary>
/// <param name="Name">As configured.</param>
/// <param name="Pool">Null for one that was never reached: it has told nobody who it is.</param>
/// <param name="Status">connecting, managed, refused.</param>
/// <param name="Why">In words for people: the address it is reached at, or what prevents it and what to do.</param>
/// <param name="Since">When the status became what it is, by the cell's clock.</param>
public sealed record PoolRow(
    CellName Cell, string Name, long Generation, PoolId? Pool, string Status, string Why, DateTimeOffset Since) : IFleetRow
{
    public const string Kind = "pool";

    /// <summary>Name of the host that coordinates; null before the first full read.</summary>
    public string? Coordinator { get; init; }

    /// <summary>Names of the members as last read, in order.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];
}

/// <summary>State lane, kind "drift": where a compute cell's rows and a pool contradict each other.</summary>
/// <param name="What">vm, disk, instance, host, sr.</param>
/// <param name="Id">Uuid of the object on the pool; of the instance where its VM is missing.</param>
/// <param name="Verdict">leftover, unknown, missing, overfull.</param>
/// <param name="Advice">What it means and what to do, in words for people.</param>
/// <param name="LastSeen">Renewed every ten minutes while it lasts.</param>
public sealed record DriftRow(
    CellName Cell, PoolId Pool, string What, Guid Id, long Generation, string Name, string Verdict, string Advice, DateTimeOffset FirstSeen, DateTimeOffset LastSeen)
    : IFleetRow
{
    public const string Kind = "drift";

    /// <summary>Name of the host it is on; null when it is on none, or not one's own.</summary>
    public string? Host { get; init; }
}
