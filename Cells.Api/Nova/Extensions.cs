using System.Text.Json;
using Cells.Api.Http;

namespace Cells.Api.Nova;

/// <summary>What old clients ask before they use a part of the API (Nova API 2.1, extensions): the parts that are served here.</summary>
internal static class Extensions
{
    private static readonly (string Alias, string Name, string Description)[] Served =
    [
        ("flavors", "Flavors", "Flavors Extension."),
        ("os-aggregates", "Aggregates", "Groups of hosts."),
        ("os-availability-zone", "AvailabilityZone", "Zones that hosts are in."),
        ("os-extended-server-attributes", "ExtendedServerAttributes", "Extended Server Attributes support."),
        ("os-extended-status", "ExtendedStatus", "Extended Status support."),
        ("os-flavor-extra-specs", "FlavorExtraSpecs", "Flavors extra specs support."),
        ("os-flavor-manage", "FlavorManage", "Flavor create/delete API support."),
        ("os-hypervisors", "Hypervisors", "Hosts below."),
        ("os-keypairs", "Keypairs", "Keypair Support."),
        ("os-multiple-create", "MultipleCreate", "Allow multiple create in the Create Server v2.1 API."),
        ("os-quota-sets", "Quotas", "Quotas management support."),
        ("os-scheduler-hints", "SchedulerHints", "Pass arbitrary key/value pairs to the scheduler."),
        ("os-server-groups", "ServerGroups", "Servers together or apart."),
        ("os-server-usage", "ServerUsage", "Adds launched_at and terminated_at on Servers."),
        ("os-services", "Services", "Compute services."),
        ("os-simple-tenant-usage", "SimpleTenantUsage", "Usage of projects."),
        ("os-used-limits", "UsedLimits", "Provide data on limited resource usage."),
        ("servers", "Servers", "Servers."),
        ("versions", "Versions", "API Version information."),
    ];

    public static ApiResult List() => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WriteStartArray("extensions");
        foreach (var extension in Served)
            Write(w, extension);
        w.WriteEndArray();
        w.WriteEndObject();
    });

    public static ApiResult Show(string alias)
    {
        var found = Array.FindIndex(Served, extension => extension.Alias == alias);
        return found < 0
            ? ApiResult.NotFound("The resource could not be found.")
            : ApiResult.Ok(w =>
            {
                w.WriteStartObject();
                w.WritePropertyName("extension");
                Write(w, Served[found]);
                w.WriteEndObject();
            });
    }

    private static void Write(Utf8JsonWriter w, (string Alias, string Name, string Description) extension)
    {
        w.WriteStartObject();
        w.WriteString("alias", extension.Alias);
        w.WriteString("name", extension.Name);
        w.WriteString("description", extension.Description);
        w.WriteString("namespace", "http://docs.openstack.org/compute/ext/fake_xml");
        w.WriteString("updated", "2014-12-03T00:00:00Z");
        w.WriteStartArray("links");
        w.WriteEndArray();
        w.WriteEndObject();
    }
}
