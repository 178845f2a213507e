using System.Text.Json;
using Cells.Api.Nova;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging.Storage;

namespace Cells.Api.Fleet;

/// <summary>What is said of a host from now on. Misses when something else was said since it was read.</summary>
internal sealed record SetHost(ConfigureHost Setting, DateTimeOffset ToldAt) : IWrite
{
    private const string Sql = """
        insert into host_setting as s (host, cell, number, disabled, reason, forced_down, zone, aggregates, fence, told_at, draining)
        select w.host, w.cell, w.number, w.disabled, w.reason, w.forced_down, w.zone, w.aggregates, w.fence, w.told_at, w.draining
          from unnest(@hosts, @cells, @numbers, @disabled, @reasons, @forced, @zones, @aggregates, @fences, @times, @draining)
            as w (host, cell, number, disabled, reason, forced_down, zone, aggregates, fence, told_at, draining)
            on conflict (host) do update
           set cell        = excluded.cell,
               number      = excluded.number,
               disabled    = excluded.disabled,
               reason      = excluded.reason,
               forced_down = excluded.forced_down,
               zone        = excluded.zone,
               aggregates  = excluded.aggregates,
               fence       = excluded.fence,
               told_at     = excluded.told_at,
               draining    = excluded.draining
         where s.number < excluded.number
        returning host
        """;

    private static readonly WriteKind TheKind = new StatementKind<SetHost>(
        "set-host", 134, Sql, w => ("host_setting", w.Setting.Host), returns: w => w.Setting.Host.Value,
        Column.Uuid<SetHost>("hosts", w => w.Setting.Host.Value),
        Column.Text<SetHost>("cells", w => w.Setting.Cell.Value),
        Column.Bigint<SetHost>("numbers", w => w.Setting.Number),
        Column.Boolean<SetHost>("disabled", w => w.Setting.Disabled),
        Column.Text<SetHost>("reasons", w => w.Setting.Reason),
        Column.Boolean<SetHost>("forced", w => w.Setting.ForcedDown),
        Column.Text<SetHost>("zones", w => w.Setting.Zone),
        Column.Json<SetHost>("aggregates", w => JsonSerializer.Serialize(w.Setting.Aggregates, FleetJson.Default.IReadOnlyListHostAggregate)),
        Column.Json<SetHost>("fences", w => w.Setting.Fence is { } fence ? JsonSerializer.Serialize(fence, WireJsonContext.Default.FenceWord) : null),
        Column.Time<SetHost>("times", w => w.ToldAt),
        Column.Boolean<SetHost>("draining", w => w.Setting.Draining));

    public WriteKind Kind => TheKind;
}

/// <summary>The same is in the outbox again.</summary>
internal sealed record ToldAgain(HostId Host, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        update host_setting
           set told_at = w.at
          from unnest(@hosts, @times) as w (host, at)
         where host_setting.host = w.host
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<ToldAgain>(
        "told-again", 135, Sql,
        Column.Uuid<ToldAgain>("hosts", w => w.Host.Value),
        Column.Time<ToldAgain>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>A new aggregate. Misses when its name is taken.</summary>
internal sealed record InsertAggregate(Guid Uuid, string Name, string? Zone, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        insert into aggregate (uuid, name, zone, metadata, created_at)
        select w.uuid, w.name, w.zone, '{}', w.at
          from unnest(@uuids, @names, @zones, @times) as w (uuid, name, zone, at)
            on conflict do nothing
        returning uuid
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertAggregate>(
        "insert-aggregate", 129, Sql, w => ("aggregate", w.Name), returns: w => w.Uuid,
        Column.Uuid<InsertAggregate>("uuids", w => w.Uuid),
        Column.Text<InsertAggregate>("names", w => w.Name),
        Column.Text<InsertAggregate>("zones", w => w.Zone),
        Column.Time<InsertAggregate>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>An aggregate as it is from now on, its hosts included. Misses when it was changed since it was read, or the name is another's.</summary>
internal sealed record PutAggregate(Aggregate Aggregate, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        with w as (
            select uuid, name, zone, metadata, hosts, generation, at
              from unnest(@uuids, @names, @zones, @metadata, @hosts, @generations, @times) as w (uuid, name, zone, metadata, hosts, generation, at)
        ), changed as (
            update aggregate
               set name       = w.name,
                   zone       = w.zone,
                   metadata   = w.metadata,
                   updated_at = w.at,
                   generation = w.generation
              from w
             where aggregate.uuid = w.uuid
               and aggregate.generation = w.generation - 1
               and not exists (select 1 from aggregate as a where a.name = w.name and a.uuid <> w.uuid)
            returning aggregate.uuid, string_to_array(w.hosts, ',')::uuid[] as hosts
        ), left_it as (
            delete from aggregate_host
             using changed
             where aggregate_host.aggregate = changed.uuid
               and aggregate_host.host <> all(changed.hosts)
        ), joined as (
            insert into aggregate_host (aggregate, host)
            select changed.uuid, unnest(changed.hosts)
              from changed
                on conflict do nothing
        )
        select uuid
          from changed
        """;

    private static readonly WriteKind TheKind = new StatementKind<PutAggregate>(
        "put-aggregate", 130, Sql, w => ("aggregate", w.Aggregate.Uuid), returns: w => w.Aggregate.Uuid,
        Column.Uuid<PutAggregate>("uuids", w => w.Aggregate.Uuid),
        Column.Text<PutAggregate>("names", w => w.Aggregate.Name),
        Column.Text<PutAggregate>("zones", w => w.Aggregate.Zone),
        Column.Json<PutAggregate>("metadata", w => NovaJson.Text(w.Aggregate.Metadata)),
        Column.Text<PutAggregate>("hosts", w => string.Join(',', w.Aggregate.Hosts.Select(host => host.Value))),
        Column.Bigint<PutAggregate>("generations", w => w.Aggregate.Generation),
        Column.Time<PutAggregate>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>Removes an aggregate. Misses while a host is in it, or when it was changed since it was read.</summary>
internal sealed record DeleteAggregate(Guid Uuid, long Generation) : IWrite
{
    private const string Sql = """
        delete from aggregate
         using unnest(@uuids, @generations) as w (uuid, generation)
         where aggregate.uuid = w.uuid
           and aggregate.generation = w.generation
           and not exists (select 1 from aggregate_host where aggregate_host.aggregate = w.uuid)
        returning aggregate.uuid
        """;

    private static readonly WriteKind TheKind = new StatementKind<DeleteAggregate>(
        "delete-aggregate", 132, Sql, w => ("aggregate", w.Uuid), returns: w => w.Uuid,
        Column.Uuid<DeleteAggregate>("uuids", w => w.Uuid),
        Column.Bigint<DeleteAggregate>("generations", w => w.Generation));

    public WriteKind Kind => TheKind;
}
