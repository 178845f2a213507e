using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Quotas;
using Cells.Messaging.Storage;
using static Cells.Api.Nova.ComputeRoutes;

namespace Cells.Api.Nova;

/// <summary>Quota classes (Nova API, os-quota-class-sets): 'default' is what projects have that were given no limits of their own.</summary>
internal sealed class NovaQuotaClasses(QuotaStore store, ICommitter committer)
{
    private const string Pattern = "/v2.1/os-quota-class-sets/{class}";

    public IEnumerable<ApiRoute> Routes =>
    [
        Get(Pattern, (r, stop) => ShowAsync(r.Caller, r.Route["class"], stop)).ForAdmins("os-quota-class-sets:show"),
        Put(Pattern, (r, stop) => UpdateAsync(r.Caller, r.Route["class"], r.Body, stop)).ForAdmins("os-quota-class-sets:update"),
    ];

    public async Task<ApiResult> ShowAsync(RequestContext caller, string name, CancellationToken stop) =>
        Show(name, await store.ClassAsync(name, stop), caller.Version);

    public async Task<ApiResult> UpdateAsync(RequestContext caller, string name, JsonElement body, CancellationToken stop)
    {
        if (BodyObject.Read(body, "quota_class_set", asked => Read(asked, name, caller.Version), out var set) is { } wrong)
            return wrong;
        await committer.TakeAsync(set);
        return Show(id: null, await store.ClassAsync(name, stop), caller.Version);
    }

    private static SetQuotaClass Read(BodyObject asked, string name, Microversion version)
    {
        int? Limit(string limit) => NovaQuotas.ReadLimit(asked, limit);
        if (name.Length > 255)
            asked.Problem.Note("class", "It is too long: at most 255 characters");
        // Server groups came to classes with 2.50.
        return new SetQuotaClass(
            name, Limit("instances"), Limit("cores"), Limit("ram"), Limit("key_pairs"), Limit("metadata_items"),
            version.Has(50) ? Limit("server_groups") : null, version.Has(50) ? Limit("server_group_members") : null);
    }

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
