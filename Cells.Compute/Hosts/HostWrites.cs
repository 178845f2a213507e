using Cells.Compute.Placement;
using Cells.Compute.Pools;
using Cells.Compute.Sql;
using Cells.Messaging.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Cells.Compute.Hosts;

/// <summary>A host's row as its pool shows it. A write of an assignment that is no longer current changes nothing.</summary>
internal sealed record PutHost(HostRecord Row, PoolOwner Owner, DateTimeOffset UpdatedAt) : IWrite
{
    public WriteKind Kind => HostWrites.Put;
}

/// <summary>An SR's row as its pool shows it.</summary>
internal sealed record PutSr(SrRecord Row, PoolOwner Owner, DateTimeOffset UpdatedAt) : IWrite
{
    public WriteKind Kind => HostWrites.PutSr;
}

/// <summary>What a provider has, and what others use of it. Never refused and never touches what is promised: an overfull provider is drift.</summary>
internal sealed record ShowProvider(Provider Shown, PoolOwner Owner) : IWrite
{
    public WriteKind Kind => HostWrites.Show;
}

/// <summary>Gives a host's row a new change number, because what is promised of it has changed: the state lane sends it again.</summary>
/// <param name="Status">Also the new status, where the cell itself knows better than the pool's last owner; null leaves it.</param>
internal sealed record TouchHost(Contracts.HostId Host, DateTimeOffset UpdatedAt, string? Status = null) : IWrite
{
    public WriteKind Kind => HostWrites.Touch;
}

internal static class HostWrites
{
    public static readonly WriteKind Put = new PutKind();
    public static readonly WriteKind PutSr = new PutSrKind();
    public static readonly WriteKind Show = new ShowKind();
    public static readonly WriteKind Touch = new TouchKind();

    private const string CurrentOwner = """
        exists (
            select 1
              from assignment
             where assignment.pool_id = w.owner_pool
               and assignment.epoch = w.owner_epoch)
        """;

    private sealed class PutKind() : WriteKind("put-host", 100)
    {
        public override int ChangeNumbersEach => 1;

        public override object GuardedRow(IWrite write) => ((PutHost)write).Row.Id;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var puts = writes.Cast<PutHost>().ToList();
            command.CommandText = $"""
                with w as (
                    select id, owner_pool, owner_epoch, name, address, status, enabled, vcpus, memory_mib, sr_ids, updated_at, ordinal
                      from unnest(@ids, @owner_pools, @owner_epochs, @names, @addresses, @statuses, @enabled, @vcpus, @memories, @srs, @updated)
                           with ordinality as w (id, owner_pool, owner_epoch, name, address, status, enabled, vcpus, memory_mib, sr_ids, updated_at, ordinal)
                ), written as (
                    insert into host (id, pool_id, name, address, status, enabled, vcpus, memory_mib, sr_ids, generation, change_number, updated_at)
                    select w.id, w.owner_pool, w.name, w.address, w.status, w.enabled, w.vcpus, w.memory_mib,
                           string_to_array(w.sr_ids, ',')::uuid[], 1, {firstChangeNumber} + w.ordinal - 1, w.updated_at
                      from w
                     where {CurrentOwner}
                     order by w.ordinal
                        on conflict (id) do update
                       set pool_id = excluded.pool_id,
                           name = excluded.name,
                           address = excluded.address,
                           status = excluded.status,
                           enabled = excluded.enabled,
                           vcpus = excluded.vcpus,
                           memory_mib = excluded.memory_mib,
                           sr_ids = excluded.sr_ids,
                           generation = host.generation + 1,
                           change_number = excluded.change_number,
                           updated_at = excluded.updated_at
                    returning host.id
                )
                select w.ordinal::int - 1
                  from w
                  join written on written.id = w.id
                """;
            command.AddColumn("ids", NpgsqlDbType.Uuid, puts, w => w.Row.Id.Value);
            command.AddColumn("owner_pools", NpgsqlDbType.Uuid, puts, w => w.Owner.Pool.Value);
            command.AddColumn("owner_epochs", NpgsqlDbType.Bigint, puts, w => w.Owner.Epoch);
            command.AddColumn("names", NpgsqlDbType.Text, puts, w => w.Row.Name);
            command.AddColumn("addresses", NpgsqlDbType.Text, puts, w => w.Row.Address);
            command.AddColumn("statuses", NpgsqlDbType.Text, puts, w => w.Row.Status);
            command.AddColumn("enabled", NpgsqlDbType.Boolean, puts, w => w.Row.Enabled);
            command.AddColumn("vcpus", NpgsqlDbType.Integer, puts, w => w.Row.Vcpus);
            command.AddColumn("memories", NpgsqlDbType.Bigint, puts, w => w.Row.MemoryMib);
            command.AddColumn("srs", NpgsqlDbType.Text, puts, w => string.Join(',', w.Row.Srs.Select(s => s.Value)));
            command.AddColumn("updated", NpgsqlDbType.TimestampTz, puts, w => w.UpdatedAt.UtcDateTime);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }

    private sealed class PutSrKind() : WriteKind("put-sr", 110)
    {
        public override object GuardedRow(IWrite write) => ((PutSr)write).Row.Id;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var puts = writes.Cast<PutSr>().ToList();
            command.CommandText = $"""
                with w as (
                    select id, owner_pool, owner_epoch, name, type, shared, updated_at, ordinal
                      from unnest(@ids, @owner_pools, @owner_epochs, @names, @types, @shared, @updated) with ordinality
                        as w (id, owner_pool, owner_epoch, name, type, shared, updated_at, ordinal)
                ), written as (
                    insert into sr (id, pool_id, name, type, shared, generation, updated_at)
                    select w.id, w.owner_pool, w.name, w.type, w.shared, 1, w.updated_at
                      from w
                     where {CurrentOwner}
                     order by w.ordinal
                        on conflict (id) do update
                       set pool_id = excluded.pool_id,
                           name = excluded.name,
                           type = excluded.type,
                           shared = excluded.shared,
                           generation = sr.generation + 1,
                           updated_at = excluded.updated_at
                    returning sr.id
                )
                select w.ordinal::int - 1
                  from w
                  join written on written.id = w.id
                """;
            command.AddColumn("ids", NpgsqlDbType.Uuid, puts, w => w.Row.Id.Value);
            command.AddColumn("owner_pools", NpgsqlDbType.Uuid, puts, w => w.Owner.Pool.Value);
            command.AddColumn("owner_epochs", NpgsqlDbType.Bigint, puts, w => w.Owner.Epoch);
            command.AddColumn("names", NpgsqlDbType.Text, puts, w => w.Row.Name);
            command.AddColumn("types", NpgsqlDbType.Text, puts, w => w.Row.Type);
            command.AddColumn("shared", NpgsqlDbType.Boolean, puts, w => w.Row.Shared);
            command.AddColumn("updated", NpgsqlDbType.TimestampTz, puts, w => w.UpdatedAt.UtcDateTime);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }

    private sealed class ShowKind() : WriteKind("show-provider", 120)
    {
        public override object GuardedRow(IWrite write) => (((ShowProvider)write).Shown.Id, ((ShowProvider)write).Shown.Resource);

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var shows = writes.Cast<ShowProvider>().ToList();
            command.CommandText = $"""
                with w as (
                    select id, resource, kind, capacity, ratio, reserve, outside, owner_pool, owner_epoch, ordinal
                      from unnest(@ids, @resources, @kinds, @capacities, @ratios, @reserves, @outsides, @owner_pools, @owner_epochs) with ordinality
                        as w (id, resource, kind, capacity, ratio, reserve, outside, owner_pool, owner_epoch, ordinal)
                ), written as (
                    insert into provider (id, resource, kind, capacity, ratio, reserve, outside)
                    select w.id, w.resource, w.kind, w.capacity, w.ratio, w.reserve, w.outside
                      from w
                     where {CurrentOwner}
                     order by w.ordinal
                        on conflict (id, resource) do update
                       set capacity = excluded.capacity,
                           ratio = excluded.ratio,
                           reserve = excluded.reserve,
                           outside = excluded.outside,
                           generation = provider.generation + 1
                    returning provider.id, provider.resource
                )
                select w.ordinal::int - 1
                  from w
                  join written on written.id = w.id and written.resource = w.resource
                """;
            command.AddColumn("ids", NpgsqlDbType.Uuid, shows, w => w.Shown.Id.Value);
            command.AddColumn("resources", NpgsqlDbType.Smallint, shows, w => (short)w.Shown.Resource);
            command.AddColumn("kinds", NpgsqlDbType.Smallint, shows, w => (short)w.Shown.Kind);
            command.AddColumn("capacities", NpgsqlDbType.Bigint, shows, w => w.Shown.Capacity);
            command.AddColumn("ratios", NpgsqlDbType.Double, shows, w => w.Shown.Ratio);
            command.AddColumn("reserves", NpgsqlDbType.Bigint, shows, w => w.Shown.Reserve);
            command.AddColumn("outsides", NpgsqlDbType.Bigint, shows, w => w.Shown.Outside);
            command.AddColumn("owner_pools", NpgsqlDbType.Uuid, shows, w => w.Owner.Pool.Value);
            command.AddColumn("owner_epochs", NpgsqlDbType.Bigint, shows, w => w.Owner.Epoch);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }

    private sealed class TouchKind() : WriteKind("touch-host", 130)
    {
        public override int ChangeNumbersEach => 1;

        public override object GuardedRow(IWrite write) => ((TouchHost)write).Host;

        public override void Describe(NpgsqlBatchCommand command, IReadOnlyList<IWrite> writes, string firstChangeNumber)
        {
            var touches = writes.Cast<TouchHost>().ToList();
            command.CommandText = $"""
                update host
                   set status = coalesce(w.status, host.status),
                       generation = host.generation + 1,
                       change_number = {firstChangeNumber} + w.ordinal - 1,
                       updated_at = w.updated_at
                  from unnest(@ids, @statuses, @updated) with ordinality as w (id, status, updated_at, ordinal)
                 where host.id = w.id
                returning w.ordinal::int - 1
                """;
            command.AddColumn("ids", NpgsqlDbType.Uuid, touches, w => w.Host.Value);
            command.AddColumn("statuses", NpgsqlDbType.Text, touches, w => w.Status);
            command.AddColumn("updated", NpgsqlDbType.TimestampTz, touches, w => w.UpdatedAt.UtcDateTime);
        }

        public override Task<IReadOnlyList<int>> ReadMissedAsync(NpgsqlDataReader answer, IReadOnlyList<IWrite> writes, CancellationToken stop) =>
            MissingOrdinalsAsync(answer, writes.Count, stop);
    }
}
