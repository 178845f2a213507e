using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;
using static Cells.Api.Nova.ComputeRoutes;

namespace Cells.Api.Nova;

/// <summary>A server's addresses and interfaces as resources of their own (Nova API, ips and os-interface).</summary>
internal sealed class ServerInterfaces(ServerStore servers)
{
    public IEnumerable<ApiRoute> Routes =>
    [
        Get("/v2.1/servers/{id}/ips", (r, stop) => ShowAsync(r, WriteIps, stop)),
        Get("/v2.1/servers/{id}/ips/{network}", IpsOfAsync),
        Get("/v2.1/servers/{id}/os-interface", (r, stop) => ShowAsync(r, (w, server) => WriteInterfaces(w, server, r.Caller.Version), stop)),
        Get("/v2.1/servers/{id}/os-interface/{port}", InterfaceAsync),
    ];

    private Task<ApiResult> ShowAsync(ApiRequest request, Action<Utf8JsonWriter, Server> write, CancellationToken stop) =>
        WithServerAsync(request, server => ApiResult.Ok(w => write(w, server)), stop);

    private Task<ApiResult> IpsOfAsync(ApiRequest request, CancellationToken stop) => WithServerAsync(request, server =>
        ServerAddresses.Shown(server).FirstOrDefault(network => network.Key == request.Route["network"]) is { } found
            ? ApiResult.Ok(w =>
            {
                w.WriteStartObject();
                ServerAddresses.WriteOne(w, found, extended: false);
                w.WriteEndObject();
            })
            : ApiResult.NotFound("Instance is not a member of specified network"), stop);

    private Task<ApiResult> InterfaceAsync(ApiRequest request, CancellationToken stop) => WithServerAsync(request, server =>
        server.Addresses.Where(address => address.Port.ToString("D") == request.Route["port"]).ToList() is { Count: > 0 } found
            ? ApiResult.Ok(w =>
            {
                w.WriteStartObject();
                w.WritePropertyName("interfaceAttachment");
                WriteInterface(w, server, found, request.Caller.Version);
                w.WriteEndObject();
            })
            : ApiResult.NotFound($"Port id {request.Route["port"]} is no interface of instance {server.Intent.Id}."), stop);

    private async Task<ApiResult> WithServerAsync(ApiRequest request, Func<Server, ApiResult> answer, CancellationToken stop) =>
        await servers.FindAsync(request.Caller, request.Route["id"], stop) is { } server ? answer(server) : ServerAccess.NoSuchServer(request.Route["id"]);

    private static void WriteIps(Utf8JsonWriter w, Server server)
    {
        w.WriteStartObject();
        w.WriteStartObject("addresses");
        foreach (var network in ServerAddresses.Shown(server))
            ServerAddresses.WriteOne(w, network, extended: false);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteInterfaces(Utf8JsonWriter w, Server server, Microversion version)
    {
        w.WriteStartObject();
        w.WriteStartArray("interfaceAttachments");
        foreach (var port in server.Addresses.GroupBy(address => address.Port))
            WriteInterface(w, server, [.. port], version);
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private static void WriteInterface(Utf8JsonWriter w, Server server, List<ServerAddress> addresses, Microversion version)
    {
        w.WriteStartObject();
        w.WriteString("port_id", addresses[0].Port);
        w.WriteString("net_id", addresses[0].NetworkId);
        w.WriteString("mac_addr", addresses[0].Mac);
        w.WriteString("port_state", server.View.PowerState == PowerState.Running ? "ACTIVE" : "DOWN");
        if (version.Has(70))
            w.WriteNull("tag");
        w.WriteStartArray("fixed_ips");
        foreach (var address in addresses)
        {
            w.WriteStartObject();
            w.WriteString("ip_address", address.Ip);
            w.WriteString("subnet_id", address.Subnet);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    }
}
