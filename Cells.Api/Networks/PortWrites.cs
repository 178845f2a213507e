using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Networks;

/// <summary>A port with its address. Misses when somebody has the address or the MAC, or the subnet is gone: choose again.</summary>
internal sealed record InsertPort(StoredPort Row) : IWrite
{
    // A conflict is not waited for longer than its rival's own commit, and nodes begin at random places, so rivals are rare.
    private const string Sql = """
        insert into port (id, network_id, project_id, name, description, mac, subnet_id, ip, instance_id, device, made_with_server, created_at, updated_at)
        select w.id, w.network_id, w.project_id, w.name, w.description, w.mac, w.subnet_id, w.ip::inet, w.instance_id, w.device::smallint,
               w.made_with_server, w.created_at, w.created_at
          from unnest(@ids, @networks, @projects, @names, @descriptions, @macs, @subnets, @ips, @instances, @devices, @with_server, @times)
            as w (id, network_id, project_id, name, description, mac, subnet_id, ip, instance_id, device, made_with_server, created_at)
          join subnet on subnet.id = w.subnet_id
        on conflict do nothing
        returning id
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertPort>(
        "insert-port", 184, Sql, w => ("port", w.Row.Id), returns: w => w.Row.Id.Value,
        Column.Uuid<InsertPort>("ids", w => w.Row.Id.Value),
        Column.Uuid<InsertPort>("networks", w => w.Row.Network.Value),
        Column.Uuid<InsertPort>("projects", w => w.Row.Project.Value),
        Column.Text<InsertPort>("names", w => w.Row.Name),
        Column.Text<InsertPort>("descriptions", w => w.Row.Description),
        Column.Text<InsertPort>("macs", w => w.Row.Mac),
        Column.Uuid<InsertPort>("subnets", w => w.Row.Subnet.Value),
        Column.Text<InsertPort>("ips", w => w.Row.Ip.ToString()),
        Column.Uuid<InsertPort>("instances", w => w.Row.Instance?.Value),
        Column.Integer<InsertPort>("devices", w => w.Row.Device),
        Column.Boolean<InsertPort>("with_server", w => w.Row.MadeWithServer),
        Column.Time<InsertPort>("times", w => w.Row.CreatedAt));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// The guard of a port that is made alone: the project has room for one more. Always together with <see cref="LockProject"/>, so that what other
/// nodes committed is counted.
/// </summary>
internal sealed record ChargePort(ProjectId Project) : IWrite
{
    /// <summary>Neutron's default quota of ports.</summary>
    public const int DefaultLimit = 500;

    private static readonly string Sql = $"""
        select q.project_id
          from project_quota as q
         where q.project_id = any(@projects)
           and (coalesce(q.ports, {DefaultLimit}) < 0
                or coalesce(q.ports, {DefaultLimit}) > (
                   select count(*)
                     from port
                    where port.project_id = q.project_id
                      and not port.made_with_server))
        """;

    // One for each project in a group: the count does not see its neighbours.
    private static readonly WriteKind TheKind = new StatementKind<ChargePort>(
        "charge-port", 168, Sql, w => ("ports of", w.Project), returns: w => w.Project.Value,
        Column.Uuid<ChargePort>("projects", w => w.Project.Value));

    public WriteKind Kind => TheKind;
}

/// <summary>Gives a free port to a server. Misses when it is gone or has a server.</summary>
internal sealed record BindPort(PortId Id, InstanceId Instance, int Device, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        update port
           set instance_id = w.instance_id,
               device      = w.device::smallint,
               updated_at  = w.at
          from unnest(@ids, @instances, @devices, @times) as w (id, instance_id, device, at)
         where port.id = w.id
           and port.instance_id is null
        returning port.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<BindPort>(
        "bind-port", 185, Sql, w => ("port", w.Id), returns: w => w.Id.Value,
        Column.Uuid<BindPort>("ids", w => w.Id.Value),
        Column.Uuid<BindPort>("instances", w => w.Instance.Value),
        Column.Integer<BindPort>("devices", w => w.Device),
        Column.Time<BindPort>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>Removes a free port. Misses when it is gone or has a server.</summary>
internal sealed record DeletePort(PortId Id) : IWrite
{
    private const string Sql = """
        delete from port
         using unnest(@ids) as w (id)
         where port.id = w.id
           and port.instance_id is null
        returning port.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<DeletePort>(
        "delete-port", 186, Sql, w => ("port", w.Id), returns: w => w.Id.Value,
        Column.Uuid<DeletePort>("ids", w => w.Id.Value));

    public WriteKind Kind => TheKind;
}

/// <summary>
/// Nothing of the server is left anywhere: its own ports go, and their addresses may be given again; those it was given are free. Stands in the
/// change that confirms the end, never before. The second time changes nothing.
/// </summary>
internal sealed record ReleasePorts(InstanceId Instance, DateTimeOffset At) : IWrite
{
    private const string Sql = """
        with own as (
            delete from port
             using unnest(@ids) as w (id)
             where port.instance_id = w.id
               and port.made_with_server
        )
        update port
           set instance_id = null,
               device      = 0,
               updated_at  = w.at
          from unnest(@ids, @times) as w (id, at)
         where port.instance_id = w.id
           and not port.made_with_server
        """;

    private static readonly WriteKind TheKind = new UnguardedKind<ReleasePorts>(
        "release-ports", 187, Sql,
        Column.Uuid<ReleasePorts>("ids", w => w.Instance.Value),
        Column.Time<ReleasePorts>("times", w => w.At));

    public WriteKind Kind => TheKind;
}

/// <summary>Another limit of ports for a project; null is the default. Misses when there is no such project.</summary>
internal sealed record SetPortQuota(ProjectId Project, int? Ports) : IWrite
{
    private const string Sql = """
        update project_quota
           set ports      = w.ports,
               generation = project_quota.generation + 1
          from unnest(@projects, @ports) as w (project_id, ports)
         where project_quota.project_id = w.project_id
        returning project_quota.project_id
        """;

    private static readonly WriteKind TheKind = new StatementKind<SetPortQuota>(
        "set-port-quota", 128, Sql, w => ("project_quota", w.Project), returns: w => w.Project.Value,
        Column.Uuid<SetPortQuota>("projects", w => w.Project.Value),
        Column.Integer<SetPortQuota>("ports", w => w.Ports));

    public WriteKind Kind => TheKind;
}
