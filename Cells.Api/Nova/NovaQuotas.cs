using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>Quota sets and limits (Nova API, os-quota-sets and limits).</summary>
internal sealed class NovaQuotas(QuotaStore store, ICommitter committer)
{
    private readonly NovaUserQuotas _users = new(store, committer);

    /// <param name="user">Within the project; null for the project itself, as below.</param>
    public async Task<ApiResult> ShowAsync(RequestContext caller, string project, string? user, bool detail, CancellationToken stop) =>
        user is not null ? await _users.ShowAsync(caller, project, user, detail, stop)
        : await FindAsync(caller, project, stop) is var (standing, refusal) && standing is null ? refusal! : Show(project, standing, detail, caller.Version);

    /// <summary>The limits of a project that was given none of its own.</summary>
    public async Task<ApiResult> DefaultsAsync(RequestContext caller, string project, CancellationToken stop) =>
        await FindAsync(caller, project, stop) is var (standing, refusal) && standing is null
            ? refusal!
            : Show(project, new QuotaStanding(await store.ClassAsync("default", stop), QuotaUsage.None), detail: false, caller.Version);

    public async Task<ApiResult> UpdateAsync(RequestContext caller, string project, string? user, JsonElement body, CancellationToken stop)
    {
        if (user is not null)
            return await _users.UpdateAsync(caller, project, user, body, stop);
        var (standing, refusal) = await FindAsync(caller, project, stop);
        if (standing is null)
            return refusal!;
        if (BodyObject.Read(body, "quota_set", asked => Read(asked, new ProjectId(Guid.Parse(project))), out var read) is { } wrong)
            return wrong;
        var set = read.Set;
        if (!read.Force && Judge(set.Instances, set.Cores, set.RamMib, standing.Used, within: null) is { } below)
            return ApiResult.BadRequest(below);
        await committer.TakeAsync(set);
        return (await store.StandingAsync(set.Project, stop)) is { } now ? Show(id: null, now, detail: false, caller.Version) : NoSuchProject(project);
    }

    /// <summary>202: back to the defaults.</summary>
    public async Task<ApiResult> ResetAsync(RequestContext caller, string project, string? user, CancellationToken stop)
    {
        if (user is not null)
            return await _users.ResetAsync(caller, project, user, stop);
        if (!Guid.TryParse(project, out var id))
            return NoSuchProject(project);
        return await committer.TakeAsync(new ResetQuota(new ProjectId(id))) is null ? ApiResult.Empty(202) : NoSuchProject(project);
    }

    /// <summary>GET /limits of the caller's project, or for admins of <paramref name="tenant"/>.</summary>
    public async Task<ApiResult> LimitsAsync(RequestContext caller, string? tenant, CancellationToken stop)
    {
        var (standing, refusal) = await FindAsync(caller, tenant ?? caller.Project!.Value.ToString(), stop);
        return standing is null ? refusal! : ApiResult.Ok(w => WriteLimits(w, standing, caller.Version));
    }

    private async Task<(QuotaStanding? Standing, ApiResult? Refusal)> FindAsync(RequestContext caller, string project, CancellationToken stop)
    {
        if (!caller.IsAdmin && project != caller.Project?.ToString())
            return (null, ApiResult.Forbidden("Policy doesn't allow os_compute_api:os-quota-sets:show to be performed."));
        if (Guid.TryParse(project, out var id) && await store.StandingAsync(new ProjectId(id), stop) is { } standing)
            return (standing, null);
        return (null, NoSuchProject(project));
    }

    internal static ApiResult NoSuchProject(string project) => ApiResult.BadRequest($"Project ID {project} is not a valid project.");

    private static (SetQuota Set, bool Force) Read(BodyObject asked, ProjectId project)
    {
        int? Limit(string name) => ReadLimit(asked, name);
        asked.Ignore("tenant_id");
        return (new SetQuota(
            project, Limit("instances"), Limit("cores"), Limit("ram"), Limit("key_pairs"), Limit("metadata_items"), Limit("server_groups"),
            Limit("server_group_members")), asked.Boolean("force") ?? false);
    }

    /// <summary>-1 is no limit; null is not asked for.</summary>
    internal static int? ReadLimit(BodyObject asked, string name) => (int?)asked.Integer(name, -1, int.MaxValue);

    /// <summary>Why a limit may not be set without force; null when each may.</summary>
    /// <param name="within">For a user's limits: the project's, which they may not exceed.</param>
    internal static string? Judge(long? instances, long? cores, long? ram, QuotaUsage used, QuotaLimits? within) =>
        Judge("instances", instances, used.Instances, within?.Instances)
        ?? Judge("cores", cores, used.Cores, within?.Cores)
        ?? Judge("ram", ram, used.RamMib, within?.RamMib);

    private static string? Judge(string name, long? limit, long used, long? within) =>
        limit is null ? null
        : limit >= 0 && limit < used ? $"Quota limit {limit} for {name} must be greater than or equal to already used and reserved {used}."
        : within >= 0 && (limit < 0 || limit > within) ? $"Quota limit {limit} for {name} must be less than or equal to {within}, the project's."
        : null;

    /// <param name="id">Null where the answer has none.</param>
    internal static ApiResult Show(string? id, QuotaStanding standing, bool detail, Microversion version) =>
        ApiResult.Ok(w => WriteSet(w, id, standing, detail, version));

    private static void WriteSet(Utf8JsonWriter w, string? id, QuotaStanding standing, bool detail, Microversion version)
    {
        var (limits, used) = (standing.Limits, standing.Used);
        w.WriteStartObject();
        w.WriteStartObject("quota_set");
        if (id is not null)
            w.WriteString("id", id);
        Write("instances", limits.Instances, used.Instances);
        Write("cores", limits.Cores, used.Cores);
        Write("ram", limits.RamMib, used.RamMib);
        Write("key_pairs", limits.KeyPairs, 0);
        Write("metadata_items", limits.MetadataItems, 0);
        Write("server_groups", limits.ServerGroups, standing.ServerGroups);
        Write("server_group_members", limits.ServerGroupMembers, 0);
        // For what this cloud leaves to nobody: no limit of theirs is ever met.
        if (!version.Has(57))
        {
            Write("injected_files", InjectedFiles, 0);
            Write("injected_file_content_bytes", InjectedFileBytes, 0);
            Write("injected_file_path_bytes", 255, 0);
        }
        if (!version.Has(36))
        {
            Write("fixed_ips", -1, 0);
            Write("floating_ips", -1, 0);
            Write("security_groups", -1, 0);
            Write("security_group_rules", -1, 0);
        }
        w.WriteEndObject();
        w.WriteEndObject();

        void Write(string name, long limit, long inUse)
        {
            if (!detail)
            {
                w.WriteNumber(name, limit);
                return;
            }
            w.WriteStartObject(name);
            w.WriteNumber("in_use", inUse);
            w.WriteNumber("limit", limit);
            w.WriteNumber("reserved", 0);
            w.WriteEndObject();
        }
    }

    /// <summary>The bare limits, as quota classes show them.</summary>
    internal static void WriteLimitsOf(Utf8JsonWriter w, QuotaLimits limits, Microversion version, bool withGroups, bool withNetworks)
    {
        w.WriteNumber("instances", limits.Instances);
        w.WriteNumber("cores", limits.Cores);
        w.WriteNumber("ram", limits.RamMib);
        w.WriteNumber("key_pairs", limits.KeyPairs);
        w.WriteNumber("metadata_items", limits.MetadataItems);
        if (withGroups)
        {
            w.WriteNumber("server_groups", limits.ServerGroups);
            w.WriteNumber("server_group_members", limits.ServerGroupMembers);
        }
        if (!version.Has(57))
        {
            w.WriteNumber("injected_files", InjectedFiles);
            w.WriteNumber("injected_file_content_bytes", InjectedFileBytes);
            w.WriteNumber("injected_file_path_bytes", 255);
        }
        if (!withNetworks)
            return;
        foreach (var name in new[] { "fixed_ips", "floating_ips", "security_groups", "security_group_rules" })
            w.WriteNumber(name, -1);
    }

    private const int InjectedFiles = 5;
    private const int InjectedFileBytes = 10_240;

    private static void WriteLimits(Utf8JsonWriter w, QuotaStanding standing, Microversion version)
    {
        var (limits, used) = (standing.Limits, standing.Used);
        w.WriteStartObject();
        w.WriteStartObject("limits");
        w.WriteStartArray("rate");
        w.WriteEndArray();
        w.WriteStartObject("absolute");
        w.WriteNumber("maxTotalInstances", limits.Instances);
        w.WriteNumber("maxTotalCores", limits.Cores);
        w.WriteNumber("maxTotalRAMSize", limits.RamMib);
        w.WriteNumber("maxTotalKeypairs", limits.KeyPairs);
        w.WriteNumber("maxServerMeta", limits.MetadataItems);
        if (!version.Has(39))
            w.WriteNumber("maxImageMeta", limits.MetadataItems);
        w.WriteNumber("maxServerGroups", limits.ServerGroups);
        w.WriteNumber("maxServerGroupMembers", limits.ServerGroupMembers);
        if (!version.Has(57))
        {
            w.WriteNumber("maxPersonality", InjectedFiles);
            w.WriteNumber("maxPersonalitySize", InjectedFileBytes);
        }
        w.WriteNumber("totalInstancesUsed", used.Instances);
        w.WriteNumber("totalCoresUsed", used.Cores);
        w.WriteNumber("totalRAMUsed", used.RamMib);
        w.WriteNumber("totalServerGroupsUsed", standing.ServerGroups);
        if (!version.Has(36))
        {
            w.WriteNumber("maxTotalFloatingIps", -1);
            w.WriteNumber("maxSecurityGroups", -1);
            w.WriteNumber("maxSecurityGroupRules", -1);
            w.WriteNumber("totalFloatingIpsUsed", 0);
            w.WriteNumber("totalSecurityGroupsUsed", 0);
        }
        w.WriteEndObject();
        w.WriteEndObject();
        w.WriteEndObject();
    }
}
