using System.Text.Json.Nodes;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Networks;

/// <summary>
/// The one security group of each project (Neutron API v2.0): 'default', whose rules say what is so: everything may come and go, because nothing
/// between guests is filtered here.
/// </summary>
internal sealed class SecurityGroups(HomeOptions options)
{
    private readonly NeutronList _groups = NeutronList.Of("security_groups", Group(default), options.BaseUrl);
    private readonly NeutronList _rules = NeutronList.Of("security_group_rules", RulesOf(default)[0], options.BaseUrl);

    public ApiResult List(RequestContext caller, Query query) => _groups.Answer([Group(caller.Project!.Value)], query);

    public static ApiResult Show(RequestContext caller, string id) => id == NetworkView.DefaultGroup(caller.Project!.Value)
        ? NeutronList.Show("security_group", Group(caller.Project.Value))
        : ApiResult.NotFound($"Security group {id} does not exist");

    public ApiResult Rules(RequestContext caller, Query query) => _rules.Answer(RulesOf(caller.Project!.Value), query);

    private static JsonObject Group(ProjectId project) => new()
    {
        ["id"] = NetworkView.DefaultGroup(project),
        ["name"] = "default",
        ["description"] = "Default security group",
        ["project_id"] = project.ToString(),
        ["tenant_id"] = project.ToString(),
        ["stateful"] = false,
        ["shared"] = false,
        ["tags"] = new JsonArray(),
        ["security_group_rules"] = new JsonArray([.. RulesOf(project)]),
    };

    private static IReadOnlyList<JsonObject> RulesOf(ProjectId project) =>
        [.. from direction in new[] { "egress", "ingress" } from type in new[] { "IPv4", "IPv6" } select Rule(project, direction, type)];

    private static JsonObject Rule(ProjectId project, string direction, string type) => new()
    {
        ["id"] = NetworkView.StableId($"security group rule {direction} {type} of {project}"),
        ["security_group_id"] = NetworkView.DefaultGroup(project),
        ["project_id"] = project.ToString(),
        ["tenant_id"] = project.ToString(),
        ["direction"] = direction,
        ["ethertype"] = type,
        ["protocol"] = null,
        ["port_range_min"] = null,
        ["port_range_max"] = null,
        ["remote_ip_prefix"] = null,
        ["remote_group_id"] = null,
        ["description"] = "",
    };
}
