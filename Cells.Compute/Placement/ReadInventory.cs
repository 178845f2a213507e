using System.Text.Json;
using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;
using Cells.Scheduler;
using Npgsql;

namespace Cells.Compute.Placement;

/// <summary>Reads hosts, SRs and providers back: at the start, and after a guard missed.</summary>
internal static class ReadInventory
{
    private const string Sql = """
        select id, pool_id, name, address, status, enabled, vcpus, memory_mib, sr_ids, networks, drain
          from host
         order by id;
        select id, pool_id, name, type, shared
          from sr
         order by id;
        select id, resource, kind, capacity, ratio, reserve, promised, outside
          from provider
         order by id, resource;
        select host_id, number, disabled, reason, forced_down, zone, aggregates, draining
          from host_setting
         order by host_id
        """;

    public static Task<InventoryRows> AllAsync(ICellDatabase database, CellName cell, CancellationToken stop) =>
        database.ReadAsync("hosts and providers", (connection, s) => ReadAsync(connection, cell, s), stop);

    private static async Task<InventoryRows> ReadAsync(NpgsqlConnection connection, CellName cell, CancellationToken stop)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Sql;
        await using var r = await command.ExecuteReaderAsync(stop);

        var hosts = new List<HostRecord>();
        var drains = new SortedDictionary<Guid, HostDrain>();
        while (await r.ReadAsync(stop))
        {
            if (!r.IsDBNull(10))
                drains[r.GetGuid(0)] = JsonSerializer.Deserialize(r.GetString(10), ComputeJsonContext.Default.HostDrain)!;
            hosts.Add(new HostRecord(
                new HostId(r.GetGuid(0)), new PoolId(r.GetGuid(1)), r.GetString(2), r.GetString(3), r.GetString(4), r.GetBoolean(5), r.GetInt32(6),
                r.GetInt64(7), [.. r.GetFieldValue<Guid[]>(8).Select(s => new SrId(s))]) { Networks = NetworkSet.Of(r.GetFieldValue<string[]>(9)) });
        }

        await r.NextResultAsync(stop);
        var srs = new List<SrRecord>();
        while (await r.ReadAsync(stop))
            srs.Add(new SrRecord(new SrId(r.GetGuid(0)), new PoolId(r.GetGuid(1)), r.GetString(2), r.GetString(3), r.GetBoolean(4)));

        await r.NextResultAsync(stop);
        var providers = new List<Provider>();
        while (await r.ReadAsync(stop))
            providers.Add(new Provider(
                new ProviderId(r.GetGuid(0)), (Resource)r.GetInt16(1), (ProviderKind)r.GetInt16(2), r.GetInt64(3), r.GetDouble(4), r.GetInt64(5),
                r.GetInt64(6), r.GetInt64(7)));

        await r.NextResultAsync(stop);
        var settings = new List<ConfigureHost>();
        while (await r.ReadAsync(stop))
            settings.Add(new ConfigureHost(
                new HostId(r.GetGuid(0)), cell, r.GetInt64(1), r.GetBoolean(2), r.IsDBNull(3) ? null : r.GetString(3), r.GetBoolean(4),
                r.IsDBNull(5) ? null : r.GetString(5), JsonSerializer.Deserialize(r.GetString(6), ComputeJsonContext.Default.IReadOnlyListHostAggregate)!) { Draining = r.GetBoolean(7) });

        return new InventoryRows(hosts, srs, providers) { Settings = settings, Drains = drains };
    }
}
