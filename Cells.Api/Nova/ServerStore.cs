using System.Text.Json;
using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Contracts.Wire;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Nova;

/// <summary>Reads of servers: intent, dispatch of the highest epoch and observed copy together, in one query.</summary>
internal sealed class ServerStore(ICellDatabase database)
{
    // Rows read at first for a filter that only the view can judge; doubled until the page is full.
    private const int FirstBatch = 1_000;

    private const string Columns = """
        select i.id, i.project_id, i.user_id, i.name, i.metadata, i.flavor_id, i.flavor_name, i.vcpus, i.memory_mib, i.disk_gib,
               i.image_id, i.image_bytes, i.image_sha256, i.image_format, i.key_name, i.hints, i.disk_config, i.access_ip_v4, i.access_ip_v6,
               i.reservation_id, i.intent_number, i.desired, i.request_id, i.deadline, i.created_at, i.updated_at, i.terminated_at,
               d.epoch, d.state, d.asked, d.fault, d.settled_at, d.silent_since, d.silent_generation, d.silence_noted_at,
               o.body,
               i.description, i.hostname, i.launch_index, i.tags, i.flavor_extra_specs, i.locked_by, i.locked_reason,
               case when s.forced_down then 'down' when s.disabled then 'maintenance' else h.status end, net.addresses, i.task_state, coalesce(s.zone, h.zone), g.id
        """;

    private const string Joins = """
          from instance_intent as i
          join lateral (
               select epoch, state, asked, fault, settled_at, silent_since, silent_generation, silence_noted_at
                 from dispatch
                where dispatch.instance = i.id
                order by epoch desc
                limit 1) as d on true
          left join instance_observed as o on o.instance = i.id
          left join host_observed as h on h.host = o.host
          left join host_setting as s on s.host = o.host
          left join server_group as g on g.id = i.group_id
          left join lateral (
               select json_agg(json_build_object(
                          'port', p.id, 'network_id', n.id, 'network', n.name, 'subnet', p.subnet_id, 'ip', host(p.ip), 'mac', p.mac)
                          order by p.device, p.id) as addresses
                 from port as p
                 join network as n on n.id = p.network_id
                where p.instance_id = i.id) as net on true
        """;

    public Task<Server?> FindAsync(InstanceId id, CancellationToken stop) => database.OneAsync("server", $"""
        {Columns}
        {Joins}
         where i.id = @id
        """, [Reads.Uuid("id", id.Value)], ToServer, stop);

    /// <returns>Null when the marker is no server of that project.</returns>
    public async Task<IReadOnlyList<Server>?> ListAsync(ServerFilter filter, ServerOrder order, InstanceId? marker, int limit, CancellationToken stop)
    {
        if (filter.Nothing)
            return [];
        if (order.ByView is { } byView)
            return await SortedByViewAsync(filter, order, byView, marker, limit, stop);

        IReadOnlyList<object>? after = null;
        if (marker is { } id && (after = await MarkerAsync(filter, order, id, stop)) is null)
            return null;
        var page = new List<Server>(Math.Min(limit, FirstBatch));
        for (var batch = filter.IsJudgedByView ? Math.Max(limit, FirstBatch) : limit; page.Count < limit; batch *= 2)
        {
            var rows = await RowsAsync(filter, order, after, batch, stop);
            page.AddRange(rows.Select(row => row.Server).Where(filter.Shows).Take(limit - page.Count));
            if (rows.Count < batch)
                break;
            after = rows[^1].Keys;
        }
        return page;
    }

    private async Task<IReadOnlyList<Server>?> SortedByViewAsync(
        ServerFilter filter, ServerOrder order, IComparer<Server> byView, InstanceId? marker, int limit, CancellationToken stop)
    {
        var servers = (await RowsAsync(filter, order, after: null, limit: null, stop)).Select(row => row.Server).Where(filter.Shows).Order(byView).ToList();
        if (marker is not { } id)
            return [.. servers.Take(limit)];
        var at = servers.FindIndex(server => server.Intent.Id == id);
        return at < 0 ? null : [.. servers.Skip(at + 1).Take(limit)];
    }

    // A server that was deleted while a client went from page to page still marks its place.
    private Task<IReadOnlyList<object>?> MarkerAsync(ServerFilter filter, ServerOrder order, InstanceId id, CancellationToken stop) => database.OneAsync(
        "server list's marker", $"""
        select {order.Rows.Select}
          from instance_intent as i
         where i.id = @id
           and (@project is null or i.project_id = @project)
        """, [Reads.Uuid("id", id.Value), Reads.Uuid("project", filter.Project?.Value)], Keyset.MarkerOf, stop);

    private Task<IReadOnlyList<(Server Server, IReadOnlyList<object> Keys)>> RowsAsync(
        ServerFilter filter, ServerOrder order, IReadOnlyList<object>? after, int? limit, CancellationToken stop)
    {
        var (condition, parameters) = order.Rows.After(after);
        var (where, values) = Where(filter);
        var keys = order.Rows.Keys.Count;
        return database.ListAsync<(Server, IReadOnlyList<object>)>("servers", $"""
            {Columns}, {order.Rows.Select}
            {Joins}
             where {where}
               and {condition}
             order by {order.Rows.OrderBy}
             limit @limit
            """, [.. values, .. parameters, Reads.Integer("limit", limit)],
            row => (ToServer(row), [.. Enumerable.Range(row.FieldCount - keys, keys).Select(row.GetValue)]), stop);
    }

    // Only what is asked for stands in the statement, so that each kind of list gets the plan and the index that fit it.
    private static (string Condition, IReadOnlyList<NpgsqlParameter> Parameters) Where(ServerFilter filter)
    {
        var conditions = new List<string>();
        var parameters = new List<NpgsqlParameter>();
        void Add(bool asked, string condition, params NpgsqlParameter[] values)
        {
            if (!asked)
                return;
            conditions.Add(condition);
            parameters.AddRange(values);
        }

        Add(filter.Deleted == false, "i.terminated_at is null");
        Add(filter.Deleted == true, $"(i.terminated_at is not null or d.state = {(int)DispatchState.Deleted})");
        Add(filter.Project is not null, "i.project_id = @project", Reads.Uuid("project", filter.Project?.Value));
        Add(filter.ChangedSince is not null,
            "(i.updated_at >= @since or d.settled_at >= @since or (o.body ->> 'updated_at')::timestamptz >= @since)", Reads.Time("since", filter.ChangedSince));
        Add(filter.Locked is not null, "(i.locked_by is not null) = @locked", Reads.Boolean("locked", filter.Locked));
        Add(filter.Tags.All is not null, "i.tags @> @tags", Reads.Texts("tags", filter.Tags.All));
        Add(filter.Tags.Any is not null, "i.tags && @tags_any", Reads.Texts("tags_any", filter.Tags.Any));
        Add(filter.Tags.NotAll is not null, "not i.tags @> @not_tags", Reads.Texts("not_tags", filter.Tags.NotAll));
        Add(filter.Tags.NotAny is not null, "not i.tags && @not_tags_any", Reads.Texts("not_tags_any", filter.Tags.NotAny));
        Add(filter.NamePattern is not null, "i.name ~ @name", Reads.Text("name", filter.NamePattern));
        Add(filter.Id is not null, "i.id = @uuid", Reads.Uuid("uuid", filter.Id));
        Add(filter.User is not null, "i.user_id = @user", Reads.Uuid("user", filter.User));
        Add(filter.Flavor is not null, "i.flavor_id = @flavor", Reads.Text("flavor", filter.Flavor));
        Add(filter.Image is not null, "i.image_id = @image", Reads.Uuid("image", filter.Image));
        Add(filter.KeyName is not null, "i.key_name = @key_name", Reads.Text("key_name", filter.KeyName));
        Add(filter.ReservationId is not null, "i.reservation_id = @reservation", Reads.Text("reservation", filter.ReservationId));
        Add(filter.Zone is not null, "i.availability_zone = @zone", Reads.Text("zone", filter.Zone));
        Add(filter.Working, "(i.intent_number > coalesce(o.applied_intent, 0) or o.step is not null)");
        return (conditions.Count == 0 ? "true" : string.Join("\n   and ", conditions), parameters);
    }

    private static Server ToServer(NpgsqlDataReader row)
    {
        var intent = new InstanceIntent(
            new InstanceId(row.GetGuid(0)),
            new ProjectId(row.GetGuid(1)),
            new UserId(row.GetGuid(2)),
            row.GetString(3),
            Metadata(row.GetString(4)),
            new Flavor(row.GetString(5), row.GetString(6), row.GetInt32(7), row.GetInt64(8), row.GetInt64(9)) { ExtraSpecs = Metadata(row.GetString(40)) },
            FlavorMade: default,
            new ImageSpec(new ImageId(row.GetGuid(10)), row.GetInt64(11), row.GetString(12), row.GetString(13)),
            row.TextOrNull(14),
            JsonSerializer.Deserialize(row.GetString(15), NovaJson.Default.PlacementHints)!,
            row.GetString(16),
            row.TextOrNull(17),
            row.TextOrNull(18),
            row.GetString(19),
            row.GetInt64(20),
            row.GetString(21) == "deleted" ? Desired.Deleted : Desired.Active,
            row.GetString(22),
            row.Time(23),
            row.Time(24),
            row.Time(25),
            row.TimeOrNull(26))
        {
            Description = row.TextOrNull(36),
            Hostname = row.GetString(37) is { Length: > 0 } hostname ? hostname : Hostname.Of(row.GetString(3), new InstanceId(row.GetGuid(0))),
            LaunchIndex = row.GetInt32(38),
            Tags = row.GetFieldValue<string[]>(39),
            Group = row.IsDBNull(47) ? null : row.GetGuid(47),
            Lock = row.TextOrNull(41) is { } by ? new ServerLock(by == "admin", row.TextOrNull(42)) : null,
            Task = (TaskState)row.GetInt16(45),
        };
        var silence = row.IsDBNull(32) ? null : new ViewSilence(row.Time(32), row.GetInt64(33), row.Time(34));
        var dispatch = new ViewDispatch(
            row.GetInt64(27), (DispatchState)row.GetInt16(28), row.TextOrNull(29) is { } asked ? CellName.Parse(asked) : null, row.TextOrNull(30), row.Time(31), silence);
        var observed = row.IsDBNull(35) ? null : JsonSerializer.Deserialize(row.GetString(35), WireJsonContext.Default.InstanceRow);
        return new Server(intent, dispatch, observed)
        {
            HostStatus = row.TextOrNull(43),
            Addresses = row.IsDBNull(44) ? [] : JsonSerializer.Deserialize(row.GetString(44), NovaJson.Default.IReadOnlyListServerAddress)!,
            Zone = row.TextOrNull(46),
        };
    }

    private static SortedDictionary<string, string> Metadata(string json) => json == "{}"
        ? Empty
        : new SortedDictionary<string, string>(JsonSerializer.Deserialize(json, NovaJson.Default.IReadOnlyDictionaryStringString)!.ToDictionary(), StringComparer.Ordinal);

    private static readonly SortedDictionary<string, string> Empty = new(StringComparer.Ordinal);
}
