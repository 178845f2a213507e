using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>Quota sets of one user within a project (Nova API, os-quota-sets with user_id): instances, cores and ram, within the project's own.</summary>
internal sealed class NovaUserQuotas(QuotaStore store, ICommitter committer)
{
    public async Task<ApiResult> ShowAsync(
        RequestContext caller, string project, string user, bool detail, CancellationToken stop) =>
        await FindAsync(caller, project, user, stop) is var (standing, _, refusal) && standing is null
            ? refusal! : NovaQuotas.Show(project, standing, detail, caller.Version);

    public async Task<ApiResult> UpdateAsync(RequestContext caller, string project, string user, JsonElement body, CancellationToken stop)
    {
        if (!caller.IsAdmin)
            return ServerAccess.NotAllowed("os-quota-sets:update");
        var (standing, limits, refusal) = await FindAsync(caller, project, user, stop);
        if (standing is null)
            return refusal!;
        var problem = new Problem();
        var root = BodyObject.Root(body, problem);
        var asked = root.Object("quota_set");
        var set = new SetUserQuota(
            new ProjectId(Guid.Parse(project)), new UserId(Guid.Parse(user)), (int?)asked.Integer("instances", -1, int.MaxValue),
            (int?)asked.Integer("cores", -1, int.MaxValue), asked.Integer("ram", -1, int.MaxValue));
        var force = asked.Boolean("force") ?? false;
        asked.Ignore("tenant_id");
        foreach (var name in new[] { "key_pairs", "metadata_items", "server_groups", "server_group_members" })
        {
            if (asked.Has(name))
                problem.Note($"quota_set.{name}", "It is limited for the project, not for a user of it.");
        }
        asked.Close();
        root.Close();
        if (problem.Text is { } wrong)
            return ApiResult.BadRequest(wrong);
        if (!force && (Outside("instances", set.Instances, standing.Used.Instances, limits!.Instances) ?? Outside("cores", set.Cores, standing.Used.Cores, limits.Cores)
                ?? Outside("ram", set.RamMib, standing.Used.RamMib, limits.RamMib)) is { } outside)
            return ApiResult.BadRequest(outside);
        if (await committer.CommitAsync(new Change(set)) is CommitOutcome.Unavailable lost)
            return Unavailable.Result(lost);
        return await store.UserStandingAsync(set.Project, set.User, stop) is { } now
            ? NovaQuotas.Show(id: null, now, detail: false, caller.Version)
            : NovaQuotas.NoSuchProject(project);
    }

    /// <summary>202: only the project's limits are left.</summary>
    public async Task<ApiResult> ResetAsync(RequestContext caller, string project, string user, CancellationToken stop)
    {
        if (!caller.IsAdmin)
            return ServerAccess.NotAllowed("os-quota-sets:delete");
        if (await FindAsync(caller, project, user, stop) is var (standing, _, refusal) && standing is null)
            return refusal!;
        return await committer.CommitAsync(new Change(new ResetUserQuota(new ProjectId(Guid.Parse(project)), new UserId(Guid.Parse(user))))) is CommitOutcome.Unavailable lost
            ? Unavailable.Result(lost)
            : ApiResult.Empty(202);
    }

    private async Task<(QuotaStanding? Standing, QuotaLimits? Project, ApiResult? Refusal)> FindAsync(
        RequestContext caller, string project, string user, CancellationToken stop)
    {
        if (!caller.IsAdmin && project != caller.Project?.ToString())
            return (null, null, ServerAccess.NotAllowed("os-quota-sets:show"));
        if (!Guid.TryParse(user, out var userId))
            return (null, null, ApiResult.BadRequest($"User ID {user} is not a valid user."));
        if (!Guid.TryParse(project, out var id) || await store.StandingAsync(new ProjectId(id), stop) is not { } whole
            || await store.UserStandingAsync(new ProjectId(id), new UserId(userId), stop) is not { } standing)
            return (null, null, NovaQuotas.NoSuchProject(project));
        return (standing, whole.Limits, null);
    }

    private static string? Outside(string name, long? limit, long used, long project) =>
        limit is null ? null
        : limit >= 0 && limit < used ? $"Quota limit {limit} for {name} must be greater than or equal to already used and reserved {used}."
        : project >= 0 && (limit < 0 || limit > project) ? $"Quota limit {limit} for {name} must be less than or equal to {project}, the project's."
        : null;
}
