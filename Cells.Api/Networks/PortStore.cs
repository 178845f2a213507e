using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Networks;

/// <summary>What a list of ports asks for; null says nothing. Further filters are judged on the records.</summary>
internal sealed record PortFilter(ProjectId? Project, PortId? Id = null, NetworkId? Network = null, InstanceId? Instance = null);

internal sealed class PortStore(ICellDatabase database)
{
    private const string Columns = """
        select id, network_id, project_id, name, description, mac, subnet_id, host(ip), instance_id, device, made_with_server, created_at, updated_at
          from port
        """;

    public Task<StoredPort?> FindAsync(PortId id, CancellationToken stop) => database.OneAsync("port", $"""
        {Columns}
         where id = @id
        """, [Reads.Uuid("id", id.Value)], ToPort, stop);

    /// <summary>By creation and id.</summary>
    public Task<IReadOnlyList<StoredPort>> ListAsync(PortFilter filter, CancellationToken stop) => RowsAsync(filter, after: null, limit: null, stop);

    /// <summary>What comes after the marker, in the same order.</summary>
    /// <returns>Null when the marker is no port of that project.</returns>
    public async Task<IReadOnlyList<StoredPort>?> PageAsync(PortFilter filter, PortId? marker, int limit, CancellationToken stop)
    {
        if (marker is not { } id)
            return await RowsAsync(filter, after: null, limit, stop);
        return await FindAsync(id, stop) is { } after && (filter.Project is null || after.Project == filter.Project)
            ? await RowsAsync(filter, after, limit, stop)
            : null;
    }

    // Only what is asked for stands in the statement, so that each list gets the index that fits it.
    private Task<IReadOnlyList<StoredPort>> RowsAsync(PortFilter filter, StoredPort? after, int? limit, CancellationToken stop)
    {
        var conditions = new List<string> { "true" };
        var parameters = new List<NpgsqlParameter> { Reads.Integer("limit", limit) };
        void Add(Guid? asked, string column)
        {
            if (asked is null)
                return;
            conditions.Add($"{column} = @{column}");
            parameters.Add(Reads.Uuid(column, asked));
        }

        Add(filter.Project?.Value, "project_id");
        Add(filter.Id?.Value, "id");
        Add(filter.Network?.Value, "network_id");
        Add(filter.Instance?.Value, "instance_id");
        if (after is not null)
        {
            conditions.Add("(created_at, id) > (@after_created, @after_id)");
            parameters.Add(Reads.Time("after_created", after.CreatedAt));
            parameters.Add(Reads.Uuid("after_id", after.Id.Value));
        }
        return database.ListAsync("ports", $"""
            {Columns}
             where {string.Join("\n   and ", conditions)}
             order by created_at, id
             limit @limit
            """, parameters, ToPort, stop);
    }

    /// <summary>The addresses in this range that ports have.</summary>
    public Task<IReadOnlyList<Ipv4>> TakenAsync(SubnetId subnet, AddressRange range, CancellationToken stop) => database.ListAsync("addresses", """
        select host(ip)
          from port
         where subnet_id = @subnet
           and ip between @from::inet and @to::inet
         order by ip
        """, [Reads.Uuid("subnet", subnet.Value), Reads.Text("from", range.From.ToString()), Reads.Text("to", range.To.ToString())],
        row => Ipv4.Parse(row.GetString(0))!.Value, stop);

    /// <summary>The project's limit of ports that it makes itself, and how many it has; null when there is no such project.</summary>
    public Task<PortQuota?> QuotaAsync(ProjectId project, CancellationToken stop) => database.OneAsync("quota of ports", $"""
        select coalesce(ports, {ChargePort.DefaultLimit}),
               (select count(*)::integer
                  from port
                 where port.project_id = project_quota.project_id
                   and not port.made_with_server)
          from project_quota
         where project_id = @project
        """, [Reads.Uuid("project", project.Value)], row => new PortQuota(row.GetInt32(0), row.GetInt32(1)), stop);

    private static StoredPort ToPort(NpgsqlDataReader row) => new(
        new PortId(row.GetGuid(0)), new NetworkId(row.GetGuid(1)), new ProjectId(row.GetGuid(2)), row.GetString(3), row.GetString(4), row.GetString(5),
        new SubnetId(row.GetGuid(6)), Ipv4.Parse(row.GetString(7))!.Value, row.IsDBNull(8) ? null : new InstanceId(row.GetGuid(8)), row.GetInt16(9),
        row.GetBoolean(10), row.Time(11), row.Time(12));
}

/// <param name="Limit">-1 for none.</param>
internal sealed record PortQuota(int Limit, int Used);
