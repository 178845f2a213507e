using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Cells.Contracts;

namespace Cells.Api.Networks;

/// <summary>How networks, subnets and ports are shown (Neutron API v2.0). What this cloud has not is said plainly: no DHCP, no filtering, no routers.</summary>
internal static class NetworkView
{
    /// <summary>One of each, for the fields that they have.</summary>
    public static JsonObject OfNetwork => Of(new StoredNetwork(default, default, "", "", "", false, true, 0, default, 1, []), forAdmin: true);
    public static JsonObject OfSubnet => Of(new StoredSubnet(default, default, default, "", "", new Cidr(new Ipv4(0), 30), null, new AddressPool([]), [], default));
    public static JsonObject OfPort => Of(new StoredPort(default, default, default, "", "", "", default, default, null, 0, false, default, default));

    public static JsonObject Of(StoredNetwork network, bool forAdmin)
    {
        var shown = new JsonObject
        {
            ["id"] = network.Id.ToString(),
            ["name"] = network.Name,
            ["description"] = network.Description,
            ["project_id"] = network.Project.ToString(),
            ["tenant_id"] = network.Project.ToString(),
            ["admin_state_up"] = network.AdminUp,
            ["status"] = "ACTIVE",
            ["shared"] = network.Shared,
            ["router:external"] = false,
            ["is_default"] = false,
            ["subnets"] = new JsonArray([.. network.Subnets.Select(subnet => (JsonNode)subnet.Id.ToString())]),
            ["mtu"] = network.Mtu,
            ["port_security_enabled"] = false,
            ["availability_zones"] = new JsonArray(),
            ["availability_zone_hints"] = new JsonArray(),
            ["ipv4_address_scope"] = null,
            ["ipv6_address_scope"] = null,
            ["tags"] = new JsonArray(),
            ["revision_number"] = network.Generation,
            ["created_at"] = Time(network.CreatedAt),
            ["updated_at"] = Time(network.CreatedAt),
        };
        if (forAdmin)
        {
            shown["provider:network_type"] = "flat";
            shown["provider:physical_network"] = network.Key;
            shown["provider:segmentation_id"] = null;
        }
        return shown;
    }

    public static JsonObject Of(StoredSubnet subnet) => new()
    {
        ["id"] = subnet.Id.ToString(),
        ["name"] = subnet.Name,
        ["description"] = subnet.Description,
        ["network_id"] = subnet.Network.ToString(),
        ["project_id"] = subnet.Project.ToString(),
        ["tenant_id"] = subnet.Project.ToString(),
        ["ip_version"] = 4,
        ["cidr"] = subnet.Cidr.ToString(),
        ["gateway_ip"] = subnet.Gateway?.ToString(),
        ["allocation_pools"] = new JsonArray([.. subnet.Pool.Ranges.Select(range => new JsonObject { ["start"] = range.From.ToString(), ["end"] = range.To.ToString() })]),
        ["dns_nameservers"] = new JsonArray([.. subnet.Dns.Select(server => (JsonNode)server)]),
        ["host_routes"] = new JsonArray(),
        ["enable_dhcp"] = false,
        ["ipv6_address_mode"] = null,
        ["ipv6_ra_mode"] = null,
        ["service_types"] = new JsonArray(),
        ["subnetpool_id"] = null,
        ["segment_id"] = null,
        ["tags"] = new JsonArray(),
        ["revision_number"] = 0,
        ["created_at"] = Time(subnet.CreatedAt),
        ["updated_at"] = Time(subnet.CreatedAt),
    };

    /// <summary>A port is ACTIVE while a server has it; what its guest does with it nobody here sees.</summary>
    public static JsonObject Of(StoredPort port) => new()
    {
        ["id"] = port.Id.ToString(),
        ["name"] = port.Name,
        ["description"] = port.Description,
        ["network_id"] = port.Network.ToString(),
        ["project_id"] = port.Project.ToString(),
        ["tenant_id"] = port.Project.ToString(),
        ["mac_address"] = port.Mac,
        ["fixed_ips"] = new JsonArray(new JsonObject { ["subnet_id"] = port.Subnet.ToString(), ["ip_address"] = port.Ip.ToString() }),
        ["device_id"] = port.Instance?.ToString() ?? "",
        ["device_owner"] = port.Instance is null ? "" : "compute:nova",
        ["status"] = port.Instance is null ? "DOWN" : "ACTIVE",
        ["admin_state_up"] = true,
        ["port_security_enabled"] = false,
        ["security_groups"] = new JsonArray(DefaultGroup(port.Project)),
        ["allowed_address_pairs"] = new JsonArray(),
        ["extra_dhcp_opts"] = new JsonArray(),
        ["binding:vnic_type"] = "normal",
        ["dns_assignment"] = new JsonArray(),
        ["tags"] = new JsonArray(),
        ["revision_number"] = 0,
        ["created_at"] = Time(port.CreatedAt),
        ["updated_at"] = Time(port.UpdatedAt),
    };

    /// <summary>The id of a project's security group 'default': the same on every node, without a table.</summary>
    public static string DefaultGroup(ProjectId project) => StableId($"security group default of {project}");

    public static string StableId(string name) => new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"cells {name}")).AsSpan(0, 16)).ToString("D");

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
