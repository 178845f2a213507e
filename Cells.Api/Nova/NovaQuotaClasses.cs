using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Messaging.Storage;

namespace Cells.Api.Nova;

/// <summary>Quota classes (Nova API, os-quota-class-sets): 'default' is what projects have that were given no limits of their own.</summary>
internal sealed class NovaQuotaClasses(QuotaStore store, ICommitter committer)
{
    private const string Pattern = "/v2.1/os-quota-class-sets/{class}";

    public IEnumerable<ApiRoute> Routes =>
    [
        ApiRoute.Get(ApiService.Compute, Pattern, Access.Project, (r, stop) => ShowAsync(r.Caller, r.Route["class"], stop)),
        ApiRoute.Put(ApiService.Compute, Pattern, Access.Project, (r, stop) => UpdateAsync(r.Caller, r.Route["class"], r.Body, stop)),
    ];

    public Task<ApiResult> ShowAsync(RequestContext caller, string name, CancellationToken stop) => Unavailable.GuardAsync(async () =>
        caller.IsAdmin ? Show(name, await store.ClassAsync(name, stop), caller.Version) : ServerAccess.NotAllowed("os-quota-class-sets:show"));

    public Task<ApiResult> UpdateAsync(RequestContext caller, string name, JsonElement body, CancellationToken stop) => Unavailable.GuardAsync(async () =>
    {
        if (!caller.IsAdmin)
            return ServerAccess.NotAllowed("os-quota-class-sets:update");
        var problem = new Problem();
        var root = BodyObject.Root(body, problem);
        var asked = root.Object("quota_class_set");
        int? Limit(string limit) => (int?)asked.Integer(limit, -1, int.MaxValue);
        // Server groups came to classes with 2.50.
        var set = new SetQuotaClass(
            name, Limit("instances"), Limit("cores"), asked.Integer("ram", -1, int.MaxValue), Limit("key_pairs"), Limit("metadata_items"),
            caller.Version.Has(50) ? Limit("server_groups") : null, caller.Version.Has(50) ? Limit("server_group_members") : null);
        asked.Close();
        root.Close();
        if (name.Length > 255)
            problem.Note("class", "It is too long: at most 255 characters");
        if (problem.Text is { } wrong)
            return ApiResult.BadRequest(wrong);
        return await committer.CommitAsync(new Change(set)) is CommitOutcome.Unavailable lost
            ? Unavailable.Result(lost)
            : Show(id: null, await store.ClassAsync(name, stop), caller.Version);
    });

    private static ApiResult Show(string? id, QuotaLimits limits, Microversion version) => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WriteStartObject("quota_class_set");
        if (id is not null)
            w.WriteString("id", id);
        NovaQuotas.WriteLimitsOf(w, limits, version, withGroups: version.Has(50), withNetworks: !version.Has(50));
        w.WriteEndObject();
        w.WriteEndObject();
    });
}
