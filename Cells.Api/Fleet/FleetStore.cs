using System.Text.Json;
using Cells.Api.Index;
using Cells.Api.Nova;
using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Fleet;

/// <summary>Reads of the hosts below with what operators said of them, and of aggregates.</summary>
internal sealed class FleetStore(ICellDatabase database)
{
    private const string Columns = "select h.body, h.link, h.number, s.number, s.disabled, s.reason, s.forced_down, s.zone, s.aggregates, s.cell, s.fence, s.draining";

    private const string Joins = """
          from host_observed as h
          left join host_setting as s on s.host = h.host
        """;

    // Without a look at instances: a create in a group reads this.
    private const string Hosts = $"""
        {Columns}, 0
        {Joins}
         where not h.deleted
        """;

    /// <summary>By number: the order in which they were first heard of.</summary>
    public Task<IReadOnlyList<FleetHost>> HostsAsync(CancellationToken stop) => database.ListAsync("hosts below", $"""
        {Hosts}
         order by h.number
        """, [], ToHost, stop);

    /// <summary>The same, with the instances on each that have a task under way.</summary>
    public Task<IReadOnlyList<FleetHost>> HostsWithWorkAsync(CancellationToken stop) => database.ListAsync("hosts below and their work", $"""
        {Columns}, coalesce(work.count, 0)
        {Joins}
          left join (
               select o.host, count(*)::integer as count
                 from instance_observed as o
                where o.host is not null
                  and not o.deleted
                  and (o.body ->> 'task_state')::integer <> 0
                group by o.host) as work on work.host = h.host
         where not h.deleted
         order by h.number
        """, [], ToHost, stop);

    /// <summary>Hosts whose cell does not follow the last word yet, and was last told before that time.</summary>
    public Task<IReadOnlyList<FleetHost>> UntoldAsync(DateTimeOffset toldBefore, CancellationToken stop) => database.ListAsync("hosts to be told again", $"""
        {Hosts}
           and s.number > coalesce(h.setting_number, 0)
           and s.told_at < @before
         order by h.number
        """, [Reads.Time("before", toldBefore)], ToHost, stop);

    public Task<IReadOnlyList<HostedServer>> ServersAsync(IEnumerable<HostId> hosts, CancellationToken stop) => database.ListAsync("servers of hosts", """
        select o.host, o.instance
          from instance_observed as o
          join instance_intent as i on i.id = o.instance
           and i.terminated_at is null
         where o.host = any(@hosts)
           and not o.deleted
         order by o.host, o.instance
        """, [Reads.Uuids("hosts", hosts.Select(host => host.Value))], row => new HostedServer(new HostId(row.GetGuid(0)), new InstanceId(row.GetGuid(1))), stop);

    public Task<IReadOnlyList<Aggregate>> AggregatesAsync(CancellationToken stop) => database.ListAsync("aggregates", """
        select a.id, a.uuid, a.name, a.zone, a.metadata, a.created_at, a.updated_at, a.generation,
               array(select m.host from aggregate_host as m where m.aggregate = a.uuid order by m.host)
          from aggregate as a
         order by a.id
        """, [], ToAggregate, stop);

    /// <summary>Whether a request may name the zone: an aggregate has it, or a host below is in it.</summary>
    public async Task<bool> IsZoneAsync(string zone, CancellationToken stop) => await database.OneAsync("zone", """
        select zone
          from (select coalesce(s.zone, h.zone) as zone
                  from host_observed as h
                  left join host_setting as s on s.host = h.host
                 where not h.deleted
                 union all
                select a.zone
                  from aggregate as a) as known
         where zone = @zone
         limit 1
        """, [Reads.Text("zone", zone)], row => row.GetString(0), stop) is not null;

    private static FleetHost ToHost(NpgsqlDataReader row)
    {
        var shown = ObservedJson.Host(row.GetString(0));
        var setting = row.IsDBNull(3) ? null : new ConfigureHost(
            shown.Host, CellName.Parse(row.GetString(9)), row.GetInt64(3), row.GetBoolean(4), row.TextOrNull(5), row.GetBoolean(6), row.TextOrNull(7),
            JsonSerializer.Deserialize(row.GetString(8), FleetJson.Default.IReadOnlyListHostAggregate)!)
        {
            Fence = row.IsDBNull(10) ? null : JsonSerializer.Deserialize(row.GetString(10), WireJsonContext.Default.FenceWord),
            Draining = row.GetBoolean(row.GetOrdinal("draining")),
        };
        return new FleetHost(shown, CellName.Parse(row.GetString(1)), row.GetInt64(2), setting, row.GetInt32(12));
    }

    private static Aggregate ToAggregate(NpgsqlDataReader row) => new(
        row.GetInt32(0), row.GetGuid(1), row.GetString(2), row.TextOrNull(3),
        new SortedDictionary<string, string>(
            JsonSerializer.Deserialize(row.GetString(4), NovaJson.Default.IReadOnlyDictionaryStringString)!.ToDictionary(), StringComparer.Ordinal),
        row.Time(5), row.TimeOrNull(6), row.GetInt64(7), [.. row.GetFieldValue<Guid[]>(8).Select(host => new HostId(host))]);
}
