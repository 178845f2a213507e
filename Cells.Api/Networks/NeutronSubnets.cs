using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Networks;

/// <summary>Subnets (Neutron API v2.0), IPv4: what addresses a network gives. Made and removed by admins.</summary>
internal sealed class NeutronSubnets(NetworkStore store, NeutronNetworks networks, ICommitter committer, TimeProvider time, IIdSource ids, HomeOptions options)
{
    private readonly NeutronList _list = NeutronList.Of("subnets", NetworkView.OfSubnet, options.BaseUrl);

    // More ranges say no more; every address that is given is looked up in them.
    private const int MostPools = 64;

    public async Task<ApiResult> ListAsync(RequestContext caller, Query query, CancellationToken stop) => _list.Answer(
        [.. (await SeenAsync(caller, stop)).OrderBy(subnet => subnet.CreatedAt).ThenBy(subnet => subnet.Id.Value).Select(NetworkView.Of)], query);

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, CancellationToken stop) =>
        await FindAsync(caller, id, stop) is { } subnet ? NeutronList.Show("subnet", NetworkView.Of(subnet)) : NoSuchSubnet(id);

    public async Task<ApiResult> CreateAsync(RequestContext caller, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, "subnet", asked => (Network: asked.Text("network_id"), Subnet: Read(asked, caller)), out var read) is { } wrong)
            return wrong;
        return await Attempts.RunAsync(async () =>
        {
            if (await networks.FindAsync(caller, read.Network, stop) is not { } network)
                return NeutronNetworks.NoSuchNetwork(read.Network);
            var subnet = read.Subnet with { Network = network.Id };
            if (network.Subnets.FirstOrDefault(other => other.Cidr.All.Overlaps(subnet.Cidr.All)) is { } over)
                return ApiResult.BadRequest($"Invalid input for operation: Requested subnet with cidr: {subnet.Cidr} for network: {network.Id} overlaps with another subnet {over.Id} ({over.Cidr}).");
            if (await committer.TakeAsync(new InsertSubnet(subnet, network.Generation)) is not null)
                return null;
            store.Forget();
            return NeutronList.Show("subnet", NetworkView.Of(subnet), 201);
        }, "The network changed with every attempt; the subnet was not made.");
    }

    /// <summary>204. A port with an address of it keeps it.</summary>
    public async Task<ApiResult> DeleteAsync(RequestContext caller, string id, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } subnet)
            return NoSuchSubnet(id);
        if (!caller.IsAdmin)
            return ApiResult.Forbidden("(rule:delete_subnet) is disallowed by policy");
        if (await committer.TakeAsync(new DeleteSubnet(subnet.Id)) is not null)
            return await FindAsync(caller, id, stop) is null
                ? NoSuchSubnet(id)
                : ApiResult.Conflict($"Unable to complete operation on subnet {id}: One or more ports have an IP allocation from this subnet.");
        store.Forget();
        return ApiResult.Empty(204);
    }

    /// <summary>All of it but its network, which is looked for later.</summary>
    private StoredSubnet Read(BodyObject asked, RequestContext caller)
    {
        var version = asked.Integer("ip_version", 4, 6);
        if (version is not (null or 4))
            asked.Problem.Note("subnet.ip_version", "Addresses are IPv4 here.");
        var text = asked.Text("cidr", maximum: 64);
        var parsed = Cidr.Parse(text, out var wrong);
        if (parsed is null)
            asked.Problem.Note("subnet.cidr", wrong);
        var cidr = parsed ?? new Cidr(new Ipv4(0), 30);
        var gateway = ReadGateway(asked, cidr);
        if (asked.Array("host_routes") is { Count: > 0 })
            asked.Problem.Note("subnet.host_routes", "Nothing would tell guests of routes here.");
        // Most clients say true without being asked to; what is shown is that there is none.
        asked.Boolean("enable_dhcp");
        return new StoredSubnet(
            new SubnetId(ids.NewGuid()), default, NeutronNetworks.Project(asked, caller), asked.OptionalText("name") ?? "", asked.OptionalText("description") ?? "",
            cidr, gateway, ReadPools(asked, cidr, gateway), ReadDns(asked), time.GetUtcNow());
    }

    /// <summary>The first address unless said otherwise; null is none.</summary>
    private static Ipv4? ReadGateway(BodyObject asked, Cidr cidr)
    {
        if (!asked.Has("gateway_ip"))
            return cidr.Usable.From;
        if (asked.OptionalText("gateway_ip") is not { } text)
            return null;
        if (Ipv4.Parse(text) is not { } gateway || !cidr.Usable.Contains(gateway))
        {
            asked.Problem.Note("subnet.gateway_ip", $"Value: {text}. It is not an address of {cidr}");
            return null;
        }
        return gateway;
    }

    private static AddressPool ReadPools(BodyObject asked, Cidr cidr, Ipv4? gateway)
    {
        if (asked.Objects("allocation_pools") is not { Count: > 0 } items)
            return new AddressPool(DefaultPools(cidr, gateway));
        var ranges = items.Take(MostPools).Select(item =>
        {
            var (start, end) = (item.Text("start"), item.Text("end"));
            item.Close();
            return Ipv4.Parse(start) is { } from && Ipv4.Parse(end) is { } to && from.Value <= to.Value && cidr.Usable.Contains(from) && cidr.Usable.Contains(to)
                ? new AddressRange(from, to)
                : Wrong($"The pool {start}-{end} is not a range of {cidr}.");
        }).OrderBy(range => range.From).ToList();
        if (items.Count > MostPools)
            Wrong($"A subnet has at most {MostPools} pools.");
        if (ranges.Zip(ranges.Skip(1)).Any(pair => pair.First.Overlaps(pair.Second)))
            Wrong("The allocation pools overlap.");
        if (gateway is { } own && ranges.Exists(range => range.Contains(own)))
            Wrong($"Gateway ip {own} conflicts with an allocation pool.");
        return new AddressPool(ranges);

        AddressRange Wrong(string reason)
        {
            asked.Problem.Note("subnet.allocation_pools", reason);
            return cidr.Usable;
        }
    }

    /// <summary>Everything but the gateway.</summary>
    internal static IReadOnlyList<AddressRange> DefaultPools(Cidr cidr, Ipv4? gateway)
    {
        var all = cidr.Usable;
        if (gateway is not { } own)
            return [all];
        return [.. new[] { (From: (long)all.From.Value, To: own.Value - 1L), (From: own.Value + 1L, To: all.To.Value) }
            .Where(range => range.From <= range.To)
            .Select(range => new AddressRange(new Ipv4((uint)range.From), new Ipv4((uint)range.To)))];
    }

    private static IReadOnlyList<string> ReadDns(BodyObject asked)
    {
        var servers = asked.Array("dns_nameservers") ?? [];
        if (servers.Count > 5 || servers.Any(server => server.ValueKind != JsonValueKind.String || Ipv4.Parse(server.GetString()) is null))
        {
            asked.Problem.Note("subnet.dns_nameservers", "They are IPv4 addresses, at most five.");
            return [];
        }
        return [.. servers.Select(server => server.GetString()!)];
    }

    private async Task<IEnumerable<StoredSubnet>> SeenAsync(RequestContext caller, CancellationToken stop) =>
        (await store.AllAsync(stop)).Where(network => caller.IsAdmin || network.IsOpenTo(caller.Project)).SelectMany(network => network.Subnets);

    private async Task<StoredSubnet?> FindAsync(RequestContext caller, string id, CancellationToken stop) =>
        Guid.TryParse(id, out var uuid) ? (await SeenAsync(caller, stop)).FirstOrDefault(subnet => subnet.Id.Value == uuid) : null;

    private static ApiResult NoSuchSubnet(string id) => ApiResult.NotFound($"Subnet {id} could not be found.");
}
