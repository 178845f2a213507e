using System.Globalization;
using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>Server groups (Nova API, os-server-groups). Their members are no list of their own: they are the servers that were made in them.</summary>
internal sealed class NovaServerGroups(GroupStore store, QuotaStore quotas, ICommitter committer, TimeProvider time, IIdSource ids)
{
    public static readonly string[] Known = ["all_projects", "limit", "offset"];

    private const int MaximumLimit = 1_000;

    private static readonly SortedDictionary<string, GroupPolicy> Policies = new(StringComparer.Ordinal)
    {
        ["affinity"] = GroupPolicy.Affinity, ["anti-affinity"] = GroupPolicy.AntiAffinity,
        ["soft-affinity"] = GroupPolicy.SoftAffinity, ["soft-anti-affinity"] = GroupPolicy.SoftAntiAffinity,
    };

    public async Task<ApiResult> ListAsync(RequestContext caller, Query query, CancellationToken stop)
    {
        var limit = query.Limit(MaximumLimit, out var problem);
        var offset = 0;
        if (query["offset"] is { } text && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset))
            problem ??= $"Invalid input for query parameters offset. Value: {text}. It is not a number from 0 on.";
        if (problem is not null)
            return ApiResult.BadRequest(problem);
        var all = query["all_projects"] is not null;
        if (all && !caller.IsAdmin)
            return ServerAccess.NotAllowed("os-server-groups:index:all_projects");
        var groups = await store.ListAsync(all ? null : caller.Project, offset, limit, stop);
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("server_groups");
            foreach (var group in groups)
                Write(w, group, caller.Version);
            w.WriteEndArray();
            w.WriteEndObject();
        });
    }

    public async Task<ApiResult> ShowAsync(RequestContext caller, string id, CancellationToken stop) =>
        await FindAsync(caller, id, stop) is { } group ? One(group, caller.Version) : NoSuchGroup(id);

    public async Task<ApiResult> CreateAsync(RequestContext caller, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, "server_group", asked => (Name: asked.Name("name"), Rule: ReadPolicy(asked, caller.Version)), out var group) is { } wrong)
            return wrong;
        var (name, (policy, most)) = group;
        var (id, project) = (ids.NewGuid(), caller.Project!.Value);
        var limit = (await quotas.StandingAsync(project, stop))?.Limits.ServerGroups ?? QuotaLimits.Default.ServerGroups;
        return await committer.TakeAsync(
            new LockProject(project), new InsertServerGroup(id, project, caller.User, name, policy, most, limit, time.GetUtcNow())) is null
            ? One(new ServerGroup(id, project, caller.User, name, policy, most, null, [], 0, false), caller.Version)
            : ApiResult.Forbidden("Quota exceeded, too many server groups.");
    }

    /// <summary>204. Its servers stay where they are.</summary>
    public async Task<ApiResult> DeleteAsync(RequestContext caller, string id, CancellationToken stop)
    {
        if (await FindAsync(caller, id, stop) is not { } group)
            return NoSuchGroup(id);
        return await committer.TakeAsync(new DeleteServerGroup(group.Id)) is null ? ApiResult.Empty(204) : NoSuchGroup(id);
    }

    private async Task<ServerGroup?> FindAsync(RequestContext caller, string id, CancellationToken stop) =>
        Guid.TryParseExact(id, "D", out var uuid) && await store.FindAsync(uuid, stop) is { } group && (caller.IsAdmin || group.Project == caller.Project)
            ? group : null;

    private static GroupPolicy ReadPolicies(BodyObject asked, Microversion version)
    {
        if (asked.Array("policies") is not [{ ValueKind: JsonValueKind.String } only])
        {
            asked.Problem.Note("server_group.policies", "It is a list of exactly one policy");
            return GroupPolicy.AntiAffinity;
        }
        return Policy(asked, "policies", only.GetString()!, version);
    }

    private static (GroupPolicy Policy, int Most) ReadPolicy(BodyObject asked, Microversion version)
    {
        if (!version.Has(64))
            return (ReadPolicies(asked, version), 1);
        var policy = Policy(asked, "policy", asked.Text("policy"), new Microversion(64));
        if (asked.OptionalObject("rules") is not { } rules)
            return (policy, 1);
        var most = rules.Integer("max_server_per_host", 1, int.MaxValue);
        rules.Close();
        if (most is not null && policy != GroupPolicy.AntiAffinity)
            asked.Problem.Note("server_group.rules", "Only anti-affinity policy supports rules.");
        return (policy, (int)(most ?? 1));
    }

    // Soft policies came with 2.15.
    private static GroupPolicy Policy(BodyObject asked, string member, string name, Microversion version)
    {
        if (Policies.TryGetValue(name, out var policy) && (version.Has(15) || policy is GroupPolicy.Affinity or GroupPolicy.AntiAffinity))
            return policy;
        asked.Problem.Note($"server_group.{member}", $"Value: {name}. It is not one of the policies of this version");
        return GroupPolicy.AntiAffinity;
    }

    private static ApiResult One(ServerGroup group, Microversion version) => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WritePropertyName("server_group");
        Write(w, group, version);
        w.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter w, ServerGroup group, Microversion version)
    {
        var policy = Policies.First(known => known.Value == group.Policy).Key;
        w.WriteStartObject();
        w.WriteString("id", group.Id);
        w.WriteString("name", group.Name);
        if (version.Has(64))
        {
            w.WriteString("policy", policy);
            w.WriteStartObject("rules");
            if (group is { Policy: GroupPolicy.AntiAffinity, MaxPerHost: > 1 })
                w.WriteNumber("max_server_per_host", group.MaxPerHost);
            w.WriteEndObject();
        }
        else
        {
            w.WriteStartArray("policies");
            w.WriteStringValue(policy);
            w.WriteEndArray();
            w.WriteStartObject("metadata");
            w.WriteEndObject();
        }
        w.WriteStartArray("members");
        foreach (var member in group.Members)
            w.WriteStringValue(member.Value);
        w.WriteEndArray();
        if (version.Has(13))
        {
            w.WriteString("project_id", group.Project.ToString());
            w.WriteString("user_id", group.User.ToString());
        }
        w.WriteEndObject();
    }

    private static ApiResult NoSuchGroup(string id) => ApiResult.NotFound($"Instance group {id} could not be found.");
}
