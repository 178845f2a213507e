using Cells.Compute.Pools;
using Cells.Compute.Sql;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

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
    public static readonly WriteKind Condemn = new CondemnKind();
    public static readonly WriteKind Absolve = new AbsolveKind();

    private sealed class CondemnKind() : WriteKind("condemn", 160)
    {
        public override object GuardedRow(IWrite write) => (((Condemn)write).Owner.Pool, ((Condemn)write).Disk);

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var condemned = writes.Cast<Condemn>().ToList();
            command.CommandText = """
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
                """;
            command.AddColumn("pools", NpgsqlDbType.Uuid, condemned, w => w.Owner.Pool.Value);
            command.AddColumn("owner_epochs", NpgsqlDbType.Bigint, condemned, w => w.Owner.Epoch);
            command.AddColumn("objects", NpgsqlDbType.Uuid, condemned, w => w.Disk);
            command.AddColumn("whys", NpgsqlDbType.Text, condemned, w => w.Why);
            command.AddColumn("created", NpgsqlDbType.TimestampTz, condemned, w => w.At.UtcDateTime);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }

    private sealed class AbsolveKind() : WriteKind("absolve", 161)
    {
        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            command.CommandText = """
                delete from condemned
                 where pool_id = any(@pools)
                """;
            command.AddColumn("pools", NpgsqlDbType.Uuid, writes, w => ((Absolve)w).Pool.Value);
        }
    }
}
