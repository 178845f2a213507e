using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Compute.Pools;

/// <summary>Gives a pool that was seen for the first time its row. A pool known under another name gets the new one.</summary>
internal sealed record RegisterPool(PoolId Pool, string Name) : IWrite
{
    public WriteKind Kind => PoolWrites.Register;
}

/// <summary>Makes this node the pool's owner under the next epoch.</summary>
/// <remarks>Misses when another taker was first (the epoch is no longer the one that was read), or when the pool was given to another node.</remarks>
/// <param name="SeenEpoch">0 when the pool never had an owner.</param>
/// <param name="PlannedFor">To whom the plan must give the pool; null where there is no plan.</param>
internal sealed record TakePool(PoolId Pool, Guid Node, long SeenEpoch, NodeName? PlannedFor = null) : IWrite
{
    public WriteKind Kind => PoolWrites.Take;
}

/// <summary>Records a session before its first use. Misses when the owner's epoch is no longer current: it has been fenced.</summary>
/// <remarks>Locks the assignment, so a taker that raises the epoch afterwards surely reads this session.</remarks>
internal sealed record RecordSession(Guid Id, PoolOwner Owner, byte[] Sealed) : IWrite
{
    public WriteKind Kind => PoolWrites.Record;
}

/// <summary>The session and what it began have ended. Misses when the owner's epoch is no longer current.</summary>
internal sealed record ForgetSession(Guid Id, PoolOwner Owner) : IWrite
{
    public WriteKind Kind => PoolWrites.Forget;
}

internal static class PoolWrites
{
    // Before everything that is joined with the assignment.
    public static readonly WriteKind Register = new StatementKind<RegisterPool>(
        "register-pool", 50, """
            insert into pool (id, name)
            select id, name
              from unnest(@ids, @names) as w (id, name)
             order by id
                on conflict (id) do update
               set name = excluded.name,
                   generation = pool.generation + 1
            returning pool.id
            """,
        w => w.Pool, returns: w => w.Pool.Value,
        Column.Uuid<RegisterPool>("ids", w => w.Pool.Value),
        Column.Text<RegisterPool>("names", w => w.Name));

    public static readonly WriteKind Take = new OrdinalKind<TakePool>(
        "take-pool", 51, w => w.Pool, changeNumbersEach: 0, _ => """
            with w as (
                select pool_id, node, seen_epoch, planned_for, ordinal
                  from unnest(@pools, @nodes, @seen_epochs, @planned_for) with ordinality as w (pool_id, node, seen_epoch, planned_for, ordinal)
            ), given as (
                select pool.id, pool_node.node
                  from pool_node
                  join pool on pool.name = pool_node.pool_name
                 where pool.id = any (@pools)
                 order by pool_node.pool_name
                   for share of pool_node
            ), written as (
                insert into assignment (pool_id, node, epoch)
                select w.pool_id, w.node, w.seen_epoch + 1
                  from w
                  left join given on given.id = w.pool_id
                 where w.planned_for is null
                    or w.planned_for = given.node
                 order by w.pool_id
                    on conflict (pool_id) do update
                   set node = excluded.node,
                       epoch = excluded.epoch
                 where assignment.epoch = excluded.epoch - 1
                returning pool_id
            )
            select (w.ordinal - 1)::int
              from w
              join written on written.pool_id = w.pool_id
            """,
        Column.Uuid<TakePool>("pools", w => w.Pool.Value),
        Column.Uuid<TakePool>("nodes", w => w.Node),
        Column.Bigint<TakePool>("seen_epochs", w => w.SeenEpoch),
        Column.Text<TakePool>("planned_for", w => w.PlannedFor?.Value));

    public static readonly WriteKind Record = new OrdinalKind<RecordSession>(
        "record-session", 52, w => w.Id, changeNumbersEach: 0, _ => """
            with w as (
                select id, pool_id, epoch, sealed, ordinal
                  from unnest(@ids, @pools, @epochs, @sealed) with ordinality as w (id, pool_id, epoch, sealed, ordinal)
            ), held as (
                select assignment.pool_id, assignment.epoch
                  from assignment
                 where assignment.pool_id = any (@pools)
                 order by assignment.pool_id
                   for share
            ), written as (
                insert into pool_session (id, pool_id, epoch, sealed)
                select w.id, w.pool_id, w.epoch, w.sealed
                  from w
                  join held on held.pool_id = w.pool_id and held.epoch = w.epoch
                 order by w.id
                    on conflict (id) do nothing
            )
            select (w.ordinal - 1)::int
              from w
              join held on held.pool_id = w.pool_id and held.epoch = w.epoch
            """,
        Column.Uuid<RecordSession>("ids", w => w.Id),
        Column.Uuid<RecordSession>("pools", w => w.Owner.Pool.Value),
        Column.Bigint<RecordSession>("epochs", w => w.Owner.Epoch),
        Column.Bytes<RecordSession>("sealed", w => w.Sealed));

    public static readonly WriteKind Forget = new OrdinalKind<ForgetSession>(
        "forget-session", 53, w => w.Id, changeNumbersEach: 0, _ => """
            with w as (
                select id, pool_id, epoch, ordinal
                  from unnest(@ids, @pools, @epochs) with ordinality as w (id, pool_id, epoch, ordinal)
            ), held as (
                select assignment.pool_id, assignment.epoch
                  from assignment
                 where assignment.pool_id = any (@pools)
                 order by assignment.pool_id
                   for share
            ), written as (
                delete from pool_session
                 using w
                  join held on held.pool_id = w.pool_id and held.epoch = w.epoch
                 where pool_session.id = w.id
                   and pool_session.pool_id = w.pool_id
            )
            select (w.ordinal - 1)::int
              from w
              join held on held.pool_id = w.pool_id and held.epoch = w.epoch
            """,
        Column.Uuid<ForgetSession>("ids", w => w.Id),
        Column.Uuid<ForgetSession>("pools", w => w.Owner.Pool.Value),
        Column.Bigint<ForgetSession>("epochs", w => w.Owner.Epoch));
}
