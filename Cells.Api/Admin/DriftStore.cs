using Cells.Api.Fleet;
using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Admin;

/// <summary>
/// Where what was asked, the copies of the servers and the copies of the hosts contradict each other, as far as this cell's own rows show it. What
/// a compute cell finds on its pools comes with its own rows (<see cref="DriftRow"/>).
/// </summary>
internal sealed class DriftStore(ICellDatabase database)
{
    // A released row is history, and a server that something is done with may be on its way: neither is drift.
    private static readonly string Sql = $"""
        with copy as (
            select o.instance, o.body ->> 'cell' as cell, o.body ->> 'host_name' as host, o.host as host_id, o.step, o.applied_intent,
                   (o.body ->> 'vm_state')::integer as vm_state, (o.body ->> 'power_state')::integer as power_state,
                   (o.body ->> 'updated_at')::timestamptz as updated_at
              from instance_observed o
             where not o.deleted
               and not (o.body ->> 'released')::boolean
        )
        select 'unwanted-server' as kind, c.cell, c.host, c.instance as id,
               'cell reports a server that this home ' || case when i.id is null then 'does not know' else 'has seen deleted' end as text,
               c.updated_at as since
          from copy c
          join lateral (select parent from dispatch where dispatch.instance = c.instance order by epoch desc limit 1) d on d.parent is null
          left join instance_intent i on i.id = c.instance
         where i.id is null
            or i.terminated_at is not null
        union all
        select 'power', c.cell, c.host, c.instance, 'server is active, but its VM does not run', c.updated_at
          from copy c
          join instance_intent i on i.id = c.instance
           and i.terminated_at is null
           and i.intent_number <= c.applied_intent
         where c.vm_state = {(int)VmState.Active}
           and c.power_state <> {(int)PowerState.Running}
           and c.step is null
        union all
        select 'host-gone', c.cell, c.host, c.instance, 'server is on a host that its cell does not report any more', c.updated_at
          from copy c
          left join host_observed h on h.host = c.host_id
           and not h.deleted
         where c.host_id is not null
           and c.vm_state <> {(int)VmState.Deleted}
           and h.host is null
        union all
        select 'overfull', h.cell, h.body ->> 'name', h.host,
               'host has ' || (h.body ->> 'memory_mib') || ' MiB, promised are ' || (h.body ->> 'promised_memory_mib') || ' and others use '
               || (h.body ->> 'outside_memory_mib') || ': it takes nothing new',
               (h.body ->> 'updated_at')::timestamptz
          from host_observed h
         where not h.deleted
           and (h.body ->> 'promised_memory_mib')::bigint + (h.body ->> 'outside_memory_mib')::bigint > (h.body ->> 'memory_mib')::bigint
         order by kind, cell, host, id
        """;

    public Task<IReadOnlyList<DriftView>> ReadAsync(CancellationToken stop) => database.ListAsync("drift", Sql, [], Row, stop);

    private static DriftView Row(NpgsqlDataReader r) => new(r.GetString(0), r.TextOrNull(1), r.TextOrNull(2), r.GetGuid(3), r.GetString(4), r.Time(5));
}

/// <summary>GET /cells/v1/drift.</summary>
public sealed record DriftList(IReadOnlyList<DriftView> Drift);

/// <param name="Kind">unwanted-server, power, host-gone; and what a compute cell has found: overfull, leftover-vm, unknown-disk and so on.</param>
/// <param name="Host">Its name; null when none is known.</param>
/// <param name="Id">Of the server; of the host, the SR or the object on a pool where a compute cell has found it.</param>
/// <param name="Since">The report that shows it, or when it was first seen, by the compute cell's clock.</param>
public sealed record DriftView(string Kind, string? Cell, string? Host, Guid Id, string Text, DateTimeOffset Since)
{
    /// <summary>Uuid of the pool on which a compute cell has found it; null for what this cell's own rows show.</summary>
    public Guid? Pool { get; init; }

    /// <summary>What the thing is called there.</summary>
    public string? Name { get; init; }

    /// <summary>When a compute cell last saw it, within ten minutes.</summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>Its cell is not heard: the row is the last one known.</summary>
    public bool Silent { get; init; }

    internal static DriftView Of(DriftRow row, CellAge age) => new(
        row is { Verdict: "overfull", What: "host" } ? "overfull" : $"{row.Verdict}-{row.What}", row.Cell.Value, row.Host, row.Id, row.Advice, row.FirstSeen)
    {
        Pool = row.Pool.Value, Name = row.Name, LastSeen = row.LastSeen, Silent = age.Silent,
    };
}
