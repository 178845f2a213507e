using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Reconciling;

/// <summary>A difference between rows and a pool.</summary>
/// <param name="Uuid">Of the object on the pool; of the instance where its VM is missing.</param>
internal sealed record DriftItem(PoolId Pool, DriftKind Kind, Guid Uuid, string Name, DriftVerdict Verdict, string? Host = null);

internal enum DriftKind
{
    Vm = 1,
    Disk = 2,
    Instance = 3,
    Host = 4,
    Sr = 5,
}

internal enum DriftVerdict
{
    /// <summary>A durable row says that it should not be there: it is being destroyed.</summary>
    Leftover = 1,

    /// <summary>Nothing durable says anything about it: it is left alone.</summary>
    Unknown = 2,

    /// <summary>A row names it, and the pool has it no more.</summary>
    Missing = 3,

    /// <summary>More is promised and used by others than there is.</summary>
    Overfull = 4,
}

/// <summary>A difference as people are told of it.</summary>
internal static class DriftText
{
    /// <summary>How long a row may show an old last time that its difference was seen.</summary>
    private static readonly TimeSpan Renewal = TimeSpan.FromMinutes(10);

    public static string KeyOf(DriftItem item) => $"{WordOf(item.Kind)}:{item.Uuid:D}";

    /// <param name="known">The row so far; null for a difference that is new.</param>
    public static DriftRow RowOf(CellName cell, DriftItem item, DriftRow? known, DateTimeOffset now) => new(
        cell, item.Pool, WordOf(item.Kind), item.Uuid, known?.Generation ?? 0, item.Name, item.Verdict.ToString().ToLowerInvariant(), Advice(item),
        known?.FirstSeen ?? now, known is not null && now - known.LastSeen < Renewal ? known.LastSeen : now)
    {
        Host = item.Host,
    };

    private static string Advice(DriftItem item) => (item.Kind, item.Verdict) switch
    {
        (_, DriftVerdict.Leftover) => "left over from an instance that is deleted, given back or made anew elsewhere: the cell destroys it. Nothing to do; if it stays, see its pool",
        (DriftKind.Vm, _) when item.Verdict == DriftVerdict.Unknown =>
            "carries an instance's stamp that no row of this cell knows: left alone. Destroy it on the hypervisor, or take its cells-* keys out of other_config, when surely nobody misses it",
        (DriftKind.Disk, DriftVerdict.Unknown) =>
            "a disk with the stamp of an instance that no row of this cell knows, or an unfinished clone: left alone. Destroy it on the hypervisor when surely nobody misses it",
        (DriftKind.Instance, _) => "its VM is no longer on its pool: somebody removed it. Delete the server, or restore the VM on the hypervisor",
        (_, DriftVerdict.Overfull) => "promised and used by others is more than there is: it takes nothing new. Move something away",
        _ => throw new ArgumentOutOfRangeException(nameof(item), item, "no such difference"),
    };

    private static string WordOf(DriftKind kind) => kind.ToString().ToLowerInvariant();
}
