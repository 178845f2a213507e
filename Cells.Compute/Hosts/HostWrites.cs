using System.Text.Json;
using Cells.Compute.Instances;
using Cells.Compute.Placement;
using Cells.Compute.Pools;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

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

/// <summary>How far a host's drain has come; null ends it.</summary>
internal sealed record ShowDrain(Contracts.HostId Host, HostDrain? Drain, DateTimeOffset UpdatedAt) : IWrite
{
    public WriteKind Kind => HostWrites.Drain;
}

internal static class HostWrites
{
    public static readonly WriteKind Put = new OrdinalKind<PutHost>(
        "put-host", 100, w => w.Row.Id, changeNumbersEach: 1, first => $"""
            with w as (
                select id, owner_pool, owner_epoch, name, address, status, enabled, vcpus, memory_mib, sr_ids, networks, updated_at, ordinal
                  from unnest(@ids, @owner_pools, @owner_epochs, @names, @addresses, @statuses, @enabled, @vcpus, @memories, @srs, @networks, @updated)
                       with ordinality as w (id, owner_pool, owner_epoch, name, address, status, enabled, vcpus, memory_mib, sr_ids, networks, updated_at, ordinal)
            ), written as (
                insert into host (id, pool_id, name, address, status, enabled, vcpus, memory_mib, sr_ids, networks, generation, change_number, updated_at)
                select w.id, w.owner_pool, w.name, w.address, w.status, w.enabled, w.vcpus, w.memory_mib,
                       string_to_array(w.sr_ids, ',')::uuid[], string_to_array(w.networks, E'\n'), 1, {first} + w.ordinal - 1, w.updated_at
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
                       networks = excluded.networks,
                       generation = host.generation + 1,
                       change_number = excluded.change_number,
                       updated_at = excluded.updated_at
                returning host.id
            )
            select w.ordinal::int - 1
              from w
              join written on written.id = w.id
            """,
        Column.Uuid<PutHost>("ids", w => w.Row.Id.Value),
        Column.Uuid<PutHost>("owner_pools", w => w.Owner.Pool.Value),
        Column.Bigint<PutHost>("owner_epochs", w => w.Owner.Epoch),
        Column.Text<PutHost>("names", w => w.Row.Name),
        Column.Text<PutHost>("addresses", w => w.Row.Address),
        Column.Text<PutHost>("statuses", w => w.Row.Status),
        Column.Boolean<PutHost>("enabled", w => w.Row.Enabled),
        Column.Integer<PutHost>("vcpus", w => w.Row.Vcpus),
        Column.Bigint<PutHost>("memories", w => w.Row.MemoryMib),
        Column.Text<PutHost>("srs", w => string.Join(',', w.Row.Srs.Select(s => s.Value))),
        Column.Text<PutHost>("networks", w => w.Row.Networks.Text ?? ""),
        Column.Time<PutHost>("updated", w => w.UpdatedAt));

    public static readonly WriteKind PutSr = new OrdinalKind<PutSr>(
        "put-sr", 110, w => w.Row.Id, changeNumbersEach: 0, _ => $"""
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
            """,
        Column.Uuid<PutSr>("ids", w => w.Row.Id.Value),
        Column.Uuid<PutSr>("owner_pools", w => w.Owner.Pool.Value),
        Column.Bigint<PutSr>("owner_epochs", w => w.Owner.Epoch),
        Column.Text<PutSr>("names", w => w.Row.Name),
        Column.Text<PutSr>("types", w => w.Row.Type),
        Column.Boolean<PutSr>("shared", w => w.Row.Shared),
        Column.Time<PutSr>("updated", w => w.UpdatedAt));

    public static readonly WriteKind Show = new OrdinalKind<ShowProvider>(
        "show-provider", 120, w => (w.Shown.Id, w.Shown.Resource), changeNumbersEach: 0, _ => $"""
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
            """,
        Column.Uuid<ShowProvider>("ids", w => w.Shown.Id.Value),
        Column.Smallint<ShowProvider>("resources", w => (short)w.Shown.Resource),
        Column.Smallint<ShowProvider>("kinds", w => (short)w.Shown.Kind),
        Column.Bigint<ShowProvider>("capacities", w => w.Shown.Capacity),
        Column.Double<ShowProvider>("ratios", w => w.Shown.Ratio),
        Column.Bigint<ShowProvider>("reserves", w => w.Shown.Reserve),
        Column.Bigint<ShowProvider>("outsides", w => w.Shown.Outside),
        Column.Uuid<ShowProvider>("owner_pools", w => w.Owner.Pool.Value),
        Column.Bigint<ShowProvider>("owner_epochs", w => w.Owner.Epoch));

    public static readonly WriteKind Touch = new OrdinalKind<TouchHost>(
        "touch-host", 130, w => w.Host, changeNumbersEach: 1, first => $"""
            update host
               set status = coalesce(w.status, host.status),
                   generation = host.generation + 1,
                   change_number = {first} + w.ordinal - 1,
                   updated_at = w.updated_at
              from unnest(@ids, @statuses, @updated) with ordinality as w (id, status, updated_at, ordinal)
             where host.id = w.id
            returning w.ordinal::int - 1
            """,
        Column.Uuid<TouchHost>("ids", w => w.Host.Value),
        Column.Text<TouchHost>("statuses", w => w.Status),
        Column.Time<TouchHost>("updated", w => w.UpdatedAt));

    public static readonly WriteKind Drain = new OrdinalKind<ShowDrain>(
        "show-drain", 131, w => w.Host, changeNumbersEach: 1, first => $"""
            update host
               set drain = w.drain,
                   generation = host.generation + 1,
                   change_number = {first} + w.ordinal - 1,
                   updated_at = w.updated_at
              from unnest(@ids, @drains, @updated) with ordinality as w (id, drain, updated_at, ordinal)
             where host.id = w.id
            returning w.ordinal::int - 1
            """,
        Column.Uuid<ShowDrain>("ids", w => w.Host.Value),
        Column.Json<ShowDrain>("drains", w => w.Drain is null ? null : JsonSerializer.Serialize(w.Drain, ComputeJsonContext.Default.HostDrain)),
        Column.Time<ShowDrain>("updated", w => w.UpdatedAt));

    private const string CurrentOwner = """
        exists (
            select 1
              from assignment
             where assignment.pool_id = w.owner_pool
               and assignment.epoch = w.owner_epoch)
        """;
}
