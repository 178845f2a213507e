using System.Text.Json;
using Cells.Api.Storage;
using Cells.Contracts;
using Cells.Messaging.Storage;
using Npgsql;

namespace Cells.Api.Networks;

/// <summary>Reads of networks with their subnets. A cloud has few of them, so they are read together.</summary>
internal sealed class NetworkStore(ICellDatabase database, TimeProvider time)
{
    // For builds only. What another node changed meanwhile is met by the guards of the writes, or shows a moment later.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private volatile Known? _known;

    /// <summary>Every network, by creation and id.</summary>
    public async Task<IReadOnlyList<StoredNetwork>> AllAsync(CancellationToken stop)
    {
        var subnets = (await SubnetsAsync(stop)).ToLookup(subnet => subnet.Network);
        return await database.ListAsync("networks", """
            select id, project_id, name, description, key, shared, admin_up, mtu, created_at, generation
              from network
             order by created_at, id
            """, [], row => new StoredNetwork(
                new NetworkId(row.GetGuid(0)), new ProjectId(row.GetGuid(1)), row.GetString(2), row.GetString(3), row.GetString(4), row.GetBoolean(5),
                row.GetBoolean(6), row.GetInt32(7), row.Time(8), row.GetInt64(9), [.. subnets[new NetworkId(row.GetGuid(0))]]), stop);
    }

    /// <summary>There is no network, and there never was a server.</summary>
    public async Task<bool> IsNewAsync(CancellationToken stop) => await database.OneAsync("first network", """
        select 'new'
         where not exists (select 1 from network)
           and not exists (select 1 from instance_intent)
        """, [], row => row.GetString(0), stop) is not null;

    public async Task<StoredNetwork?> FindAsync(NetworkId id, CancellationToken stop) =>
        (await AllAsync(stop)).FirstOrDefault(network => network.Id == id);

    /// <summary>For a build, remembered for a second on this node: see <see cref="Forget"/>.</summary>
    public async Task<IReadOnlyList<StoredNetwork>> ForBuildAsync(CancellationToken stop)
    {
        if (_known is { } known && time.GetElapsedTime(known.At) < Fresh)
            return known.Networks;
        var at = time.GetTimestamp();
        var networks = await AllAsync(stop);
        _known = new Known(at, networks);
        return networks;
    }

    /// <summary>After a network or subnet came or went, or a build met one that is not there.</summary>
    public void Forget() => _known = null;

    private Task<IReadOnlyList<StoredSubnet>> SubnetsAsync(CancellationToken stop) => database.ListAsync("subnets", """
        select id, network_id, project_id, name, description, cidr, host(gateway_ip), pools, dns, created_at
          from subnet
         order by created_at, id
        """, [], ToSubnet, stop);

    private static StoredSubnet ToSubnet(NpgsqlDataReader row) => new(
        new SubnetId(row.GetGuid(0)), new NetworkId(row.GetGuid(1)), new ProjectId(row.GetGuid(2)), row.GetString(3), row.GetString(4),
        Cidr.Parse(row.GetString(5), out var problem) ?? throw new InvalidOperationException($"Table subnet holds a bad cidr: {problem}"),
        Ipv4.Parse(row.TextOrNull(6)),
        new AddressPool([.. JsonSerializer.Deserialize(row.GetString(7), NetworkJson.Default.IReadOnlyListPoolColumn)!.Select(pool => pool.ToRange())]),
        JsonSerializer.Deserialize(row.GetString(8), NetworkJson.Default.IReadOnlyListString)!,
        row.Time(9));

    private sealed record Known(long At, IReadOnlyList<StoredNetwork> Networks);
}
