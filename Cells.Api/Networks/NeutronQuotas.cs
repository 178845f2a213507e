using System.Text.Json;
using System.Text.Json.Nodes;
using Cells.Api.Http;

namespace Cells.Api.Networks;

/// <summary>A network quota set (Neutron API v2.0, quotas): ports are limited, and what is not there is 0.</summary>
internal static class NeutronQuotas
{
    public static ApiResult Show(int ports) => NeutronList.Show("quota", Of(ports));

    public static ApiResult NoSuchProject(string project) => ApiResult.NotFound($"Project {project} could not be found.");

    /// <returns>The limit of ports that is asked for; the one that is there when none is.</returns>
    public static (int Ports, ApiResult? Refusal) Read(JsonElement body, int now)
    {
        var refusal = BodyObject.Read(body, "quota", asked => ReadPorts(asked, now), out var ports);
        return (ports, refusal);
    }

    private static int ReadPorts(BodyObject asked, int now)
    {
        var ports = asked.Integer("port", -1, int.MaxValue);
        asked.Ignore("tenant_id");
        asked.Ignore("project_id");
        foreach (var (name, value) in Of(now).Where(member => member.Key != "port"))
        {
            if (asked.Integer(name, -1, int.MaxValue) is { } other && other != value!.GetValue<int>())
                asked.Problem.Note($"quota.{name}", $"It is {value} here and cannot be set; 'port' can.");
        }
        return (int)(ports ?? now);
    }

    private static JsonObject Of(int ports) => new()
    {
        ["network"] = -1,
        ["subnet"] = -1,
        ["port"] = ports,
        ["router"] = 0,
        ["floatingip"] = 0,
        ["security_group"] = 1,
        ["security_group_rule"] = 4,
        ["subnetpool"] = 0,
        ["rbac_policy"] = 0,
    };
}
