using System.Text.Json;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Networks;

internal sealed record InsertNetwork(StoredNetwork Row) : IWrite
{
    private const string Sql = """
        insert into network (id, project_id, name, description, key, shared, admin_up, mtu, created_at)
        select w.id, w.project_id, w.name, w.description, w.key, w.shared, w.admin_up, w.mtu, w.created_at
          from unnest(@ids, @projects, @names, @descriptions, @keys, @shared, @ups, @mtus, @times)
            as w (id, project_id, name, description, key, shared, admin_up, mtu, created_at)
        on conflict (id) do nothing
        returning id
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertNetwork>(
        "insert-network", 162, Sql, w => ("network", w.Row.Id), returns: w => w.Row.Id.Value,
        Column.Uuid<InsertNetwork>("ids", w => w.Row.Id.Value),
        Column.Uuid<InsertNetwork>("projects", w => w.Row.Project.Value),
        Column.Text<InsertNetwork>("names", w => w.Row.Name),
        Column.Text<InsertNetwork>("descriptions", w => w.Row.Description),
        Column.Text<InsertNetwork>("keys", w => w.Row.Key),
        Column.Boolean<InsertNetwork>("shared", w => w.Row.Shared),
        Column.Boolean<InsertNetwork>("ups", w => w.Row.AdminUp),
        Column.Integer<InsertNetwork>("mtus", w => w.Row.Mtu),
        Column.Time<InsertNetwork>("times", w => w.Row.CreatedAt));

    public WriteKind Kind => TheKind;
}

/// <summary>Removes a network with its subnets. Misses when it is not there, or a port is on it.</summary>
internal sealed record DeleteNetwork(NetworkId Id) : IWrite
{
    private const string Sql = """
        with free as (
            select network.id
              from network
              join unnest(@ids) as w (id) on network.id = w.id
             where not exists (
                   select 1
                     from port
                    where port.network_id = network.id)
        ), bare as (
            delete from subnet
             using free
             where subnet.network_id = free.id
        )
        delete from network
         using free
         where network.id = free.id
        returning network.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<DeleteNetwork>(
        "delete-network", 164, Sql, w => ("network", w.Id), returns: w => w.Id.Value,
        Column.Uuid<DeleteNetwork>("ids", w => w.Id.Value));

    public WriteKind Kind => TheKind;
}

/// <summary>A subnet, judged against the others of its network as they were read. Misses when the network is gone or has another subnet since.</summary>
/// <param name="Generation">Of the network, as it was read; it is raised.</param>
internal sealed record InsertSubnet(StoredSubnet Row, long Generation) : IWrite
{
    private const string Sql = """
        with raised as (
            update network
               set generation = network.generation + 1
              from unnest(@networks, @generations) as w (id, generation)
             where network.id = w.id
               and network.generation = w.generation
            returning network.id
        )
        insert into subnet (id, network_id, project_id, name, description, cidr, gateway_ip, pools, dns, created_at)
        select w.id, w.network_id, w.project_id, w.name, w.description, w.cidr, w.gateway_ip::inet, w.pools, w.dns, w.created_at
          from unnest(@ids, @networks, @projects, @names, @descriptions, @cidrs, @gateways, @pools, @dns, @times)
            as w (id, network_id, project_id, name, description, cidr, gateway_ip, pools, dns, created_at)
          join raised on raised.id = w.network_id
        returning id
        """;

    private static readonly WriteKind TheKind = new StatementKind<InsertSubnet>(
        "insert-subnet", 165, Sql, w => ("subnets of", w.Row.Network), returns: w => w.Row.Id.Value,
        Column.Uuid<InsertSubnet>("ids", w => w.Row.Id.Value),
        Column.Uuid<InsertSubnet>("networks", w => w.Row.Network.Value),
        Column.Bigint<InsertSubnet>("generations", w => w.Generation),
        Column.Uuid<InsertSubnet>("projects", w => w.Row.Project.Value),
        Column.Text<InsertSubnet>("names", w => w.Row.Name),
        Column.Text<InsertSubnet>("descriptions", w => w.Row.Description),
        Column.Text<InsertSubnet>("cidrs", w => w.Row.Cidr.ToString()),
        Column.Text<InsertSubnet>("gateways", w => w.Row.Gateway?.ToString()),
        Column.Json<InsertSubnet>("pools", w => JsonSerializer.Serialize([.. w.Row.Pool.Ranges.Select(PoolColumn.Of)], NetworkJson.Default.IReadOnlyListPoolColumn)),
        Column.Json<InsertSubnet>("dns", w => JsonSerializer.Serialize(w.Row.Dns, NetworkJson.Default.IReadOnlyListString)),
        Column.Time<InsertSubnet>("times", w => w.Row.CreatedAt));

    public WriteKind Kind => TheKind;
}

/// <summary>Removes a subnet. Misses when it is not there, or a port has an address of it.</summary>
internal sealed record DeleteSubnet(SubnetId Id) : IWrite
{
    private const string Sql = """
        delete from subnet
         using unnest(@ids) as w (id)
         where subnet.id = w.id
           and not exists (
               select 1
                 from port
                where port.subnet_id = subnet.id)
        returning subnet.id
        """;

    private static readonly WriteKind TheKind = new StatementKind<DeleteSubnet>(
        "delete-subnet", 166, Sql, w => ("subnet", w.Id), returns: w => w.Id.Value,
        Column.Uuid<DeleteSubnet>("ids", w => w.Id.Value));

    public WriteKind Kind => TheKind;
}
