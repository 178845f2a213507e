using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Networks;

/// <summary>Ports (Neutron API v2.0): those that came with servers, and those that a project makes to give them to servers.</summary>
internal sealed class NeutronPorts(PortStore store, NeutronNetworks networks, AddressReserve reserve, ICommitter committer, TimeProvider time, IIdSource ids, HomeOptions options)
{
    private readonly NeutronList _list = NeutronList.Of("ports", NetworkView.OfPort, options.BaseUrl);

    public async Task<ApiResult> ListAsync(RequestContext caller, Query query, CancellationToken stop)
    {
        if (_list.Refusal(query) is { } refusal)
            return refusal;
        var filter = new PortFilter(
            caller.IsAdmin ? null : caller.Project, One("id") is { } port ? new PortId(port) : null, One("network_id") is { } network ? new NetworkId(network) : null,
            One("device_id") is { } device ? new InstanceId(device) : null);
        if (!IsAnsweredByStore(query))
            return _list.Answer([.. (await store.ListAsync(filter, stop)).Select(NetworkView.Of)], query);
        var limit = query.Limit(NeutronList.MaximumLimit, out _);
        PortId? marker = query["marker"] is { } text ? new PortId(Guid.TryParse(text, out var id) ? id : default) : null;
        return await store.PageAsync(filter, marker, limit, stop) is { } page
            ? _list.Show([.. page.Select(NetworkView.Of)], query, limit, isReverse: false)
            : ApiResult.BadRequest($"Invalid input for operation: Marker {query["marker"]} could not be found.");

        Guid? One(string field) => query.All(field) is [var text] && Guid.TryParseExact(text, "D", out var id) ? id : null;
    }

    // In the list's own order, and by what the store has columns for: it reads one page. Everything else is judged on all that the caller may see.
    private static bool IsAnsweredByStore(Query query) =>
        query["sort_key"] is null && query["page_reverse"] is null
        && NeutronList.Filters(query).All(filter => filter.Key is "id" or "network_id" or "device_id" && filter.ToList() is [var one] && Guid.TryParseExact(one, "D", out _));

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, CancellationToken stop) =>
        await FindAsync(caller, id, stop) is { } port ? NeutronList.Show("port", NetworkView.Of(port)) : NoSuchPort(id);

    /// <summary>201, with its MAC and address.</summary>
    public async Task<ApiResult> CreateAsync(RequestContext caller, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, "port", port => Read(port, caller), out var asked) is { } wrong)
            return wrong;
        if (await networks.FindAsync(caller, asked.Network, stop) is not { } network)
            return NeutronNetworks.NoSuchNetwork(asked.Network);
        for (var attempt = 0; attempt < Attempts.Most; attempt++)
        {
            var (place, no) = await PlaceAsync(network, asked, stop);
            if (place is not { } at)
                return no!;
            var now = time.GetUtcNow();
            var port = new StoredPort(
                new PortId(ids.NewGuid()), network.Id, asked.Project, asked.Name, asked.Description, asked.Mac ?? MacAddress.New(ids), at.Subnet, at.Ip,
                Instance: null, Device: 0, MadeWithServer: false, now, now);
            try
            {
                if (await committer.TakeAsync(new LockProject(port.Project), new ChargePort(port.Project), new InsertPort(port)) is not { } missed)
                    return NeutronList.Show("port", NetworkView.Of(port), 201);
                if (missed.Writes.Any(write => write is ChargePort))
                    return ApiResult.Conflict("Quota exceeded for resources: ['port'].");
            }
            finally
            {
                reserve.Return(at.Subnet, [at.Ip]);
            }
            reserve.Forget(at.Subnet);
            if (asked.Mac is { } mac && asked.Ip is null && attempt > 0)
                return ApiResult.Conflict($"Unable to complete operation for network {network.Id}. The mac address {mac} is in use.");
        }
        return asked.Ip is { } ip
            ? ApiResult.Conflict($"IP address {ip} already allocated in a subnet of network {network.Id}, or the MAC is in use.")
            : ApiResult.Unavailable("Every address that was chosen was taken meanwhile; no port was made.", Unavailable.RetryAfter);
    }

    /// <summary>204. A server's port stays until nothing of the server is left: its VM may still answer there.</summary>
    public async Task<ApiResult> DeleteAsync(RequestContext caller, string id, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } port)
            return NoSuchPort(id);
        if (!caller.MayChange)
            return ApiResult.Forbidden("(rule:delete_port) is disallowed by policy");
        if (await committer.TakeAsync(new DeletePort(port.Id)) is null)
            return ApiResult.Empty(204);
        return await FindAsync(caller, id, stop) is { } still
            ? ApiResult.Conflict($"Port {id} cannot be deleted: server {still.Instance} has it. Delete the server first.")
            : NoSuchPort(id);
    }

    public async Task<ApiResult> QuotaAsync(RequestContext caller, string project, CancellationToken stop) =>
        await FindQuotaAsync(caller, project, stop) is { } quota ? NeutronQuotas.Show(quota.Limit) : NeutronQuotas.NoSuchProject(project);

    public async Task<ApiResult> SetQuotaAsync(RequestContext caller, string project, JsonElement body, CancellationToken stop)
    {
        if (await FindQuotaAsync(caller, project, stop) is not { } now)
            return NeutronQuotas.NoSuchProject(project);
        var (limit, refusal) = NeutronQuotas.Read(body, now.Limit);
        if (refusal is not null)
            return refusal;
        await committer.TakeAsync(new SetPortQuota(new ProjectId(Guid.Parse(project)), limit));
        return NeutronQuotas.Show(limit);
    }

    /// <summary>204: back to the default.</summary>
    public async Task<ApiResult> ResetQuotaAsync(RequestContext caller, string project, CancellationToken stop)
    {
        if (await FindQuotaAsync(caller, project, stop) is null)
            return NeutronQuotas.NoSuchProject(project);
        await committer.TakeAsync(new SetPortQuota(new ProjectId(Guid.Parse(project)), Ports: null));
        return ApiResult.Empty(204);
    }

    private async Task<PortQuota?> FindQuotaAsync(RequestContext caller, string project, CancellationToken stop) =>
        Guid.TryParse(project, out var id) && (caller.IsAdmin || id == caller.Project?.Value) ? await store.QuotaAsync(new ProjectId(id), stop) : null;

    private async Task<((SubnetId Subnet, Ipv4 Ip)? Place, ApiResult? Refusal)> PlaceAsync(StoredNetwork network, PortAsked asked, CancellationToken stop)
    {
        var subnets = network.Subnets.Where(subnet => asked.Subnet is null || subnet.Id.Value == asked.Subnet).ToList();
        if (subnets.Count == 0)
            return (null, ApiResult.BadRequest(asked.Subnet is { } named
                ? $"Invalid input for operation: Failed to create port on network {network.Id}, because fixed_ips included invalid subnet {named}."
                : $"Network {network.Id} has no subnet: a port here has an address."));
        if (asked.Ip is { } ip)
        {
            if (subnets.Find(s => s.Cidr.All.Contains(ip)) is not { } subnet)
                return (null, ApiResult.BadRequest($"IP address {ip} is not a valid IP for any of the subnets on the specified network."));
            if (subnet.Refuses(ip) is { } reason)
                return (null, ApiResult.BadRequest(reason));
            return await store.TakenAsync(subnet.Id, new AddressRange(ip, ip), stop) is []
                ? ((subnet.Id, ip), null)
                : (null, ApiResult.Conflict($"IP address {ip} already allocated in subnet {subnet.Id}"));
        }
        foreach (var subnet in subnets)
        {
            if (await reserve.TakeAsync(subnet, 1, stop) is [var free])
                return ((subnet.Id, free), null);
        }
        return (null, ApiResult.Conflict($"No more IP addresses available on network {network.Id}."));
    }

    private static PortAsked Read(BodyObject asked, RequestContext caller)
    {
        var problem = asked.Problem;
        var (subnet, ip) = ReadFixedIp(asked);
        var port = new PortAsked(
            asked.Text("network_id"), NeutronNetworks.Project(asked, caller), asked.OptionalText("name") ?? "", asked.OptionalText("description") ?? "",
            ReadMac(asked, caller), subnet, ip);
        if (asked.Boolean("admin_state_up") == false)
            problem.Note("port.admin_state_up", "An interface cannot be switched off here.");
        if (!string.IsNullOrEmpty(asked.OptionalText("device_id")) || !string.IsNullOrEmpty(asked.OptionalText("device_owner")))
            problem.Note("port.device_id", "A port is given to a server when the server is made: name the port in its networks.");
        if (asked.OptionalText("binding:vnic_type") is not (null or "normal"))
            problem.Note("port.binding:vnic_type", "It is 'normal' here.");
        NeutronNetworks.Absent(asked, "port_security_enabled", "Nothing is filtered here.");
        if (asked.Array("security_groups") is { } groups && groups.Any(group => group.ToString() != NetworkView.DefaultGroup(port.Project)))
            problem.Note("port.security_groups", "A project has the group 'default' and no other.");
        return port;
    }

    private static string? ReadMac(BodyObject asked, RequestContext caller)
    {
        if (asked.OptionalText("mac_address") is not { Length: > 0 } text)
            return null;
        if (!caller.IsAdmin)
            asked.Problem.Note("port.mac_address", "Only admins choose MACs.");
        else if (MacAddress.Parse(text) is null)
            asked.Problem.Note("port.mac_address", $"Value: {text}. '{text}' is not a valid MAC address");
        return MacAddress.Parse(text);
    }

    private static (Guid? Subnet, Ipv4? Ip) ReadFixedIp(BodyObject asked)
    {
        if (asked.Objects("fixed_ips") is not { Count: > 0 } items)
            return (null, null);
        if (items.Count > 1)
            asked.Problem.Note("port.fixed_ips", "A port has one address here.");
        var (subnet, ip) = (items[0].OptionalText("subnet_id"), items[0].OptionalText("ip_address"));
        items[0].Close();
        if (subnet is not null && !Guid.TryParse(subnet, out _))
            asked.Problem.Note("port.fixed_ips", $"Value: {subnet}. '{subnet}' is not a valid UUID");
        if (ip is not null && Ipv4.Parse(ip) is null)
            asked.Problem.Note("port.fixed_ips", $"Value: {ip}. '{ip}' is not a valid IP address");
        return (Guid.TryParse(subnet, out var id) ? id : null, Ipv4.Parse(ip));
    }

    private async Task<StoredPort?> FindAsync(RequestContext caller, string id, CancellationToken stop) =>
        Guid.TryParse(id, out var uuid) && await store.FindAsync(new PortId(uuid), stop) is { } port && (caller.IsAdmin || port.Project == caller.Project)
            ? port : null;

    private static ApiResult NoSuchPort(string id) => ApiResult.NotFound($"Port {id} could not be found.");

    private sealed record PortAsked(string Network, ProjectId Project, string Name, string Description, string? Mac, Guid? Subnet, Ipv4? Ip);
}
