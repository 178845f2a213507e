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
        var (standing, limits, refusal) = await FindAsync(caller, project, user, stop);
        if (standing is null)
            return refusal!;
        if (BodyObject.Read(body, "quota_set", asked => Read(asked, new ProjectId(Guid.Parse(project)), new UserId(Guid.Parse(user))), out var read) is { } wrong)
            return wrong;
        var set = read.Set;
        if (!read.Force && NovaQuotas.Judge(set.Instances, set.Cores, set.RamMib, standing.Used, limits) is { } outside)
            return ApiResult.BadRequest(outside);
        await committer.TakeAsync(set);
        return await store.UserStandingAsync(set.Project, set.User, stop) is { } now
            ? NovaQuotas.Show(id: null, now, detail: false, caller.Version)
            : NovaQuotas.NoSuchProject(project);
    }

    /// <summary>202: only the project's limits are left.</summary>
    public async Task<ApiResult> ResetAsync(RequestContext caller, string project, string user, CancellationToken stop)
    {
        if (await FindAsync(caller, project, user, stop) is var (standing, _, refusal) && standing is null)
            return refusal!;
        await committer.TakeAsync(new ResetUserQuota(new ProjectId(Guid.Parse(project)), new UserId(Guid.Parse(user))));
        return ApiResult.Empty(202);
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

    private static (SetUserQuota Set, bool Force) Read(BodyObject asked, ProjectId project, UserId user)
    {
        asked.Ignore("tenant_id");
        foreach (var name in new[] { "key_pairs", "metadata_items", "server_groups", "server_group_members" })
        {
            if (asked.Has(name))
                asked.Problem.Note($"quota_set.{name}", "It is limited for the project, not for a user of it.");
        }
        return (new SetUserQuota(
            project, user, NovaQuotas.ReadLimit(asked, "instances"), NovaQuotas.ReadLimit(asked, "cores"), NovaQuotas.ReadLimit(asked, "ram")),
            asked.Boolean("force") ?? false);
    }
}
