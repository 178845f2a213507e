using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Networks;

/// <summary>Networks (Neutron API v2.0): made and removed by admins, seen by whom they are open to.</summary>
internal sealed class NeutronNetworks(NetworkStore store, ICommitter committer, TimeProvider time, IIdSource ids, HomeOptions options)
{
    private readonly NeutronList _list = NeutronList.Of("networks", NetworkView.OfNetwork, options.BaseUrl);

    public async Task<ApiResult> ListAsync(RequestContext caller, Query query, CancellationToken stop) => _list.Answer(
        [.. (await store.AllAsync(stop)).Where(network => IsSeen(network, caller)).Select(network => NetworkView.Of(network, caller.IsAdmin))], query);

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, CancellationToken stop) =>
        await FindAsync(caller, id, stop) is { } network ? NeutronList.Show("network", NetworkView.Of(network, caller.IsAdmin)) : NoSuchNetwork(id);

    /// <summary>201. It is looked for in each pool under <c>provider:physical_network</c>, or its name when that is not given.</summary>
    public async Task<ApiResult> CreateAsync(RequestContext caller, JsonElement body)
    {
        if (!caller.IsAdmin)
            return ApiResult.Forbidden("(rule:create_network) is disallowed by policy: networks of this cloud are mapped to the hosts' by admins.");
        if (BodyObject.Read(body, "network", asked => Read(asked, caller), out var network) is { } wrong)
            return wrong;
        await committer.TakeAsync(new InsertNetwork(network));
        store.Forget();
        return NeutronList.Show("network", NetworkView.Of(network, forAdmin: true), 201);
    }

    private StoredNetwork Read(BodyObject asked, RequestContext caller)
    {
        var name = asked.OptionalText("name") ?? "";
        var key = asked.OptionalText("provider:physical_network", minimum: 1) ?? name;
        if (asked.OptionalText("provider:network_type") is { } type && type != "flat")
            asked.Problem.Note("network.provider:network_type", $"Value: {type}. Networks are 'flat' here: a VLAN belongs to the XenAPI network that the key names.");
        if (key.Length == 0 || key.Any(char.IsControl))
            asked.Problem.Note("network.provider:physical_network", "A network needs a name or a physical network, without control characters: it is looked for in the pools by it.");
        Absent(asked, "router:external", "There are no routers here.");
        Absent(asked, "port_security_enabled", "Nothing is filtered here.");
        return new StoredNetwork(
            new NetworkId(ids.NewGuid()), Project(asked, caller), name, asked.OptionalText("description") ?? "", key, asked.Boolean("shared") ?? false,
            asked.Boolean("admin_state_up") ?? true, (int)(asked.Integer("mtu", 68, 65_535) ?? 1_500), time.GetUtcNow(), Generation: 1, []);
    }

    /// <summary>204. Its subnets go with it; a port on it keeps it.</summary>
    public async Task<ApiResult> DeleteAsync(RequestContext caller, string id, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } network)
            return NoSuchNetwork(id);
        if (!caller.IsAdmin)
            return ApiResult.Forbidden("(rule:delete_network) is disallowed by policy");
        if (await committer.TakeAsync(new DeleteNetwork(network.Id)) is not null)
            return await store.FindAsync(network.Id, stop) is null
                ? NoSuchNetwork(id)
                : ApiResult.Conflict($"Unable to complete operation on network {id}. There are one or more ports still in use on the network.");
        store.Forget();
        return ApiResult.Empty(204);
    }

    /// <summary>Null for what is not there or not to be seen: they look the same.</summary>
    public async Task<StoredNetwork?> FindAsync(RequestContext caller, string id, CancellationToken stop) =>
        Guid.TryParse(id, out var uuid) && await store.FindAsync(new NetworkId(uuid), stop) is { } network && IsSeen(network, caller) ? network : null;

    public static ApiResult NoSuchNetwork(string id) => ApiResult.NotFound($"Network {id} could not be found.");

    /// <summary>Whose it shall be: the caller's, or for admins any.</summary>
    internal static ProjectId Project(BodyObject asked, RequestContext caller)
    {
        var text = asked.OptionalText("project_id") ?? asked.OptionalText("tenant_id");
        asked.Ignore("tenant_id");
        if (text is null || text == caller.Project?.ToString())
            return caller.Project!.Value;
        if (!caller.IsAdmin || !Guid.TryParse(text, out var id))
            asked.Problem.Note("project_id", $"Value: {text}. It is not your project, and you may not act for others.");
        return Guid.TryParse(text, out var project) ? new ProjectId(project) : default;
    }

    /// <summary>What is not there may be said to be so, and nothing else.</summary>
    internal static void Absent(BodyObject asked, string name, string reason)
    {
        if (asked.Boolean(name) == true)
            asked.Problem.Note(name, reason);
    }

    private static bool IsSeen(StoredNetwork network, RequestContext caller) => caller.IsAdmin || network.IsOpenTo(caller.Project);
}
