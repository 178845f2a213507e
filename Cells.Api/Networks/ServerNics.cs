using Cells.Api.Http;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Networks;

/// <summary>Decides the interfaces of new servers: networks, ports, MACs and addresses, and describes the writes that make it so.</summary>
internal sealed class ServerNics(NetworkStore networks, PortStore ports, AddressReserve reserve, TimeProvider time, IIdSource ids)
{
    /// <summary>
    /// What these servers get. Nothing is held in the database until the writes are committed with the servers; <see cref="End"/> is called then,
    /// whatever came of it.
    /// </summary>
    public async Task<NicPlan> PlanAsync(RequestContext caller, NicsAsked asked, IReadOnlyList<InstanceId> servers, CancellationToken stop)
    {
        var plan = new NicPlan();
        try
        {
            plan.Refusal = await FillAsync(plan, caller, asked, servers, stop);
        }
        catch
        {
            End(plan, missed: []);
            throw;
        }
        if (plan.Refusal is not null)
            End(plan, missed: []);
        return plan;
    }

    /// <summary>The change with the plan's writes is over.</summary>
    /// <param name="missed">The writes whose guards did not match.</param>
    public void End(NicPlan plan, IReadOnlyList<IWrite> missed)
    {
        foreach (var taken in plan.Taken.ToLookup(t => t.Subnet, t => t.Address))
            reserve.Return(taken.Key, taken);
        var lost = missed.OfType<InsertPort>().ToList();
        foreach (var subnet in lost.Select(port => port.Row.Subnet).Distinct())
            reserve.Forget(subnet);
        if (lost.Count > 0)
            networks.Forget();
    }

    private async Task<ApiResult?> FillAsync(
        NicPlan plan, RequestContext caller, NicsAsked asked, IReadOnlyList<InstanceId> servers, CancellationToken stop)
    {
        var all = await networks.ForBuildAsync(stop);
        if (asked.Each is null)
        {
            if (all.Count == 0)
                return null;                        // a cloud without networks: every server is on its host's management network
            var open = all.Where(network => network.IsOpenTo(caller.Project)).ToList();
            if (open.Count > 1)
                return ApiResult.Conflict("Multiple possible networks found, use a Network ID to be more specific.");
            plan.Begin(servers.Count);
            return open is [var only] ? await AddAddressesAsync(plan, caller, only, address: null, device: 0, servers, stop) : null;
        }
        plan.Begin(servers.Count);
        for (var device = 0; device < asked.Each.Count; device++)
        {
            var nic = asked.Each[device];
            var refusal = nic.Port is { } port
                ? await AddPortAsync(plan, caller, all, port, device, servers, stop)
                : await AddNetworkAsync(plan, caller, all, nic, device, servers, stop);
            if (refusal is not null)
                return refusal;
        }
        return null;
    }

    private async Task<ApiResult?> AddNetworkAsync(
        NicPlan plan, RequestContext caller, IReadOnlyList<StoredNetwork> all, NicAsked asked, int device, IReadOnlyList<InstanceId> servers,
        CancellationToken stop)
    {
        if (asked.Address is not null && servers.Count > 1)
            return ApiResult.BadRequest("Invalid fixed_ip: it cannot be given to several servers of one request.");
        // One that was made a moment ago on another node may not be known here yet.
        var network = all.FirstOrDefault(n => n.Id == asked.Network) ?? await networks.FindAsync(asked.Network!.Value, stop);
        if (network is null || !(network.IsOpenTo(caller.Project) || caller.IsAdmin))
            return ApiResult.BadRequest($"Network {asked.Network} could not be found.");
        return await AddAddressesAsync(plan, caller, network, asked.Address is { } text ? Ipv4.Parse(text) : null, device, servers, stop);
    }

    private async Task<ApiResult?> AddAddressesAsync(
        NicPlan plan, RequestContext caller, StoredNetwork network, Ipv4? address, int device, IReadOnlyList<InstanceId> servers, CancellationToken stop)
    {
        var (addresses, refusal) = await AddressesAsync(plan, network, address, servers.Count, stop);
        if (refusal is not null)
            return refusal;
        var now = time.GetUtcNow();
        for (var i = 0; i < servers.Count; i++)
        {
            var (subnet, ip) = addresses[i];
            var port = new StoredPort(
                new PortId(ids.NewGuid()), network.Id, caller.Project!.Value, "", "", MacAddress.New(ids), subnet, ip, servers[i], device,
                MadeWithServer: true, now, now);
            plan.Add(i, new Nic(port.Id, network.Key, port.Mac, [ip.ToString()]), new InsertPort(port));
        }
        return null;
    }

    private async Task<(IReadOnlyList<(SubnetId Subnet, Ipv4 Address)> Addresses, ApiResult? Refusal)> AddressesAsync(
        NicPlan plan, StoredNetwork network, Ipv4? address, int count, CancellationToken stop)
    {
        if (network.Subnets.Count == 0)
            return ([], ApiResult.BadRequest($"Network {network.Id} requires a subnet in order to boot instances on."));
        if (address is { } wanted)
        {
            if (network.Subnets.FirstOrDefault(s => s.Cidr.All.Contains(wanted)) is not { } subnet)
                return ([], ApiResult.BadRequest($"Fixed IP address {wanted} is in no subnet of network {network.Id}."));
            if (subnet.Refuses(wanted) is { } reason)
                return ([], ApiResult.BadRequest(reason));
            return await ports.TakenAsync(subnet.Id, new AddressRange(wanted, wanted), stop) is []
                ? ([(subnet.Id, wanted)], null)
                : ([], ApiResult.BadRequest($"Fixed IP address {wanted} is already in use on instance or port of network {network.Id}."));
        }
        var found = new List<(SubnetId, Ipv4)>();
        foreach (var subnet in network.Subnets)
        {
            var taken = await reserve.TakeAsync(subnet, count - found.Count, stop);
            plan.Taken.AddRange(taken.Select(ip => (subnet.Id, ip)));
            found.AddRange(taken.Select(ip => (subnet.Id, ip)));
            if (found.Count == count)
                return (found, null);
        }
        return ([], ApiResult.Conflict($"No more IP addresses available on network {network.Id}."));
    }

    private async Task<ApiResult?> AddPortAsync(
        NicPlan plan, RequestContext caller, IReadOnlyList<StoredNetwork> all, PortId id, int device, IReadOnlyList<InstanceId> servers, CancellationToken stop)
    {
        if (servers.Count > 1)
            return ApiResult.BadRequest("Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one with different ports.");
        if (await ports.FindAsync(id, stop) is not { } port || !(port.Project == caller.Project || caller.IsAdmin))
            return ApiResult.BadRequest($"Port {id} could not be found.");
        if (port.Instance is not null || plan.Writes.OfType<BindPort>().Any(bind => bind.Id == id))
            return ApiResult.Conflict($"Port {id} is still in use.");
        var network = all.FirstOrDefault(n => n.Id == port.Network) ?? await networks.FindAsync(port.Network, stop)
            ?? throw new InvalidOperationException($"Port {id} is on network {port.Network}, which is not there.");
        plan.Add(0, new Nic(id, network.Key, port.Mac, [port.Ip.ToString()]), new BindPort(id, servers[0], device, time.GetUtcNow()));
        return null;
    }
}

/// <summary>The interfaces of some new servers, or why they cannot have them.</summary>
internal sealed class NicPlan
{
    private List<Nic>[]? _nics;

    public ApiResult? Refusal { get; set; }

    /// <summary>To be committed with the servers.</summary>
    public List<IWrite> Writes { get; } = [];

    /// <summary>What was taken from the reserve.</summary>
    public List<(SubnetId Subnet, Ipv4 Address)> Taken { get; } = [];

    /// <summary>Null in a cloud without networks.</summary>
    public IReadOnlyList<Nic>? Of(int server) => _nics?[server];

    public void Begin(int servers) => _nics = [.. Enumerable.Range(0, servers).Select(_ => new List<Nic>())];

    public void Add(int server, Nic nic, IWrite write)
    {
        _nics![server].Add(nic);
        Writes.Add(write);
    }
}
