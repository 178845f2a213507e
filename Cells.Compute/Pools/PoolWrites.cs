using Cells.Compute.Sql;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Compute.Pools;

/// <summary>Gives a pool that was seen for the first time its row. A pool known under another name gets the new one.</summary>
internal sealed record RegisterPool(PoolId Pool, string Name) : IWrite
{
    public WriteKind Kind => PoolWrites.Register;
}

/// <summary>Makes this node the pool's owner under the next epoch.</summary>
/// <remarks>Misses when another taker was first: the epoch is no longer the one that was read.</remarks>
/// <param name="SeenEpoch">0 when the pool never had an owner.</param>
internal sealed record TakePool(PoolId Pool, Guid Node, long SeenEpoch) : IWrite
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
    public static readonly WriteKind Register = new RegisterKind();
    public static readonly WriteKind Take = new TakeKind();
    public static readonly WriteKind Record = new RecordKind();
    public static readonly WriteKind Forget = new ForgetKind();

    private sealed class RegisterKind() : WriteKind("register-pool", 50)
    {
        public override object GuardedRow(IWrite write) => ((RegisterPool)write).Pool;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var pools = writes.Cast<RegisterPool>().ToList();
            command.CommandText = """
                insert into pool (id, name)
                select id, name
                  from unnest(@ids, @names) as w (id, name)
                 order by id
                    on conflict (id) do update
                   set name = excluded.name,
                       generation = pool.generation + 1
                returning pool.id
                """;
            command.AddColumn("ids", NpgsqlDbType.Uuid, pools, w => w.Pool.Value);
            command.AddColumn("names", NpgsqlDbType.Text, pools, w => w.Name);
        }
    }

    private sealed class TakeKind() : WriteKind("take-pool", 51)
    {
        public override object GuardedRow(IWrite write) => ((TakePool)write).Pool;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var takes = writes.Cast<TakePool>().ToList();
            command.CommandText = """
                with w as (
                    select pool_id, node, seen_epoch, ordinal
                      from unnest(@pools, @nodes, @seen_epochs) with ordinality as w (pool_id, node, seen_epoch, ordinal)
                ), written as (
                    insert into assignment (pool_id, node, epoch)
                    select pool_id, node, seen_epoch + 1
                      from w
                     order by pool_id
                        on conflict (pool_id) do update
                       set node = excluded.node,
                           epoch = excluded.epoch
                     where assignment.epoch = excluded.epoch - 1
                    returning pool_id
                )
                select (w.ordinal - 1)::int
                  from w
                  join written on written.pool_id = w.pool_id
                """;
            command.AddColumn("pools", NpgsqlDbType.Uuid, takes, w => w.Pool.Value);
            command.AddColumn("nodes", NpgsqlDbType.Uuid, takes, w => w.Node);
            command.AddColumn("seen_epochs", NpgsqlDbType.Bigint, takes, w => w.SeenEpoch);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }

    private sealed class RecordKind() : WriteKind("record-session", 52)
    {
        public override object GuardedRow(IWrite write) => ((RecordSession)write).Id;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var sessions = writes.Cast<RecordSession>().ToList();
            command.CommandText = """
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
                """;
            command.AddColumn("ids", NpgsqlDbType.Uuid, sessions, w => w.Id);
            command.AddColumn("pools", NpgsqlDbType.Uuid, sessions, w => w.Owner.Pool.Value);
            command.AddColumn("epochs", NpgsqlDbType.Bigint, sessions, w => w.Owner.Epoch);
            command.AddColumn("sealed", NpgsqlDbType.Bytea, sessions, w => w.Sealed);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }

    private sealed class ForgetKind() : WriteKind("forget-session", 53)
    {
        public override object GuardedRow(IWrite write) => ((ForgetSession)write).Id;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var sessions = writes.Cast<ForgetSession>().ToList();
            command.CommandText = """
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
                """;
            command.AddColumn("ids", NpgsqlDbType.Uuid, sessions, w => w.Id);
            command.AddColumn("pools", NpgsqlDbType.Uuid, sessions, w => w.Owner.Pool.Value);
            command.AddColumn("epochs", NpgsqlDbType.Bigint, sessions, w => w.Owner.Epoch);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }
}
