using Cells.Compute.Pools;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Compute.Reconciling;

/// <summary>The durable wish to destroy one object that is no instance's. Misses when the assignment is no longer current.</summary>
internal sealed record Condemn(PoolOwner Owner, Guid Disk, string Why, DateTimeOffset At) : IWrite
{
    public WriteKind Kind => CondemnedWrites.Condemn;
}

/// <summary>Nothing condemned is left on the pool.</summary>
internal sealed record Absolve(PoolId Pool) : IWrite
{
    public WriteKind Kind => CondemnedWrites.Absolve;
}

internal static class CondemnedWrites
{
    public static readonly WriteKind Condemn = new OrdinalKind<Condemn>(
        "condemn", 160, w => (w.Owner.Pool, w.Disk), changeNumbersEach: 0, _ => """
            with w as (
                select pool_id, owner_epoch, object_id, why, created_at, ordinal
                  from unnest(@pools, @owner_epochs, @objects, @whys, @created) with ordinality
                    as w (pool_id, owner_epoch, object_id, why, created_at, ordinal)
            ), held as (
                select w.ordinal
                  from w
                  join assignment on assignment.pool_id = w.pool_id and assignment.epoch = w.owner_epoch
            ), written as (
                insert into condemned (pool_id, object_id, why, created_at)
                select w.pool_id, w.object_id, w.why, w.created_at
                  from w
                  join held on held.ordinal = w.ordinal
                 order by w.ordinal
                    on conflict (pool_id, object_id) do nothing
            )
            select held.ordinal::int - 1
              from held
            """,
        Column.Uuid<Condemn>("pools", w => w.Owner.Pool.Value),
        Column.Bigint<Condemn>("owner_epochs", w => w.Owner.Epoch),
        Column.Uuid<Condemn>("objects", w => w.Disk),
        Column.Text<Condemn>("whys", w => w.Why),
        Column.Time<Condemn>("created", w => w.At));

    public static readonly WriteKind Absolve = new UnguardedKind<Absolve>(
        "absolve", 161, """
            delete from condemned
             where pool_id = any(@pools)
            """,
        Column.Uuid<Absolve>("pools", w => w.Pool.Value));
}
