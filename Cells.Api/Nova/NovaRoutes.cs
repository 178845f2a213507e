using Cells.Api.Http;
using static Cells.Api.Nova.ComputeRoutes;

namespace Cells.Api.Nova;

/// <summary>The compute API's routes, each with the microversions that have it: HTTP in, handlers' arguments out.</summary>
internal sealed class NovaRoutes(
    NovaServers servers, NovaActions actions, NovaQuestions questions, NovaActionLog log, ServerMetadata metadata, ServerTags tags, NovaFlavors flavors, NovaKeypairs keypairs, NovaQuotas quotas)
{
    public IEnumerable<ApiRoute> Routes =>
    [
        Get($"{V}/servers", (r, stop) => servers.ListAsync(r.Caller, r.Query, detail: false, stop)).Takes(ServerList.Known),
        Get($"{V}/servers/detail", (r, stop) => servers.ListAsync(r.Caller, r.Query, detail: true, stop)).Takes(ServerList.Known),
        Post($"{V}/servers", (r, stop) => CreateServer.Read(r.Body, r.Caller.Version, out var refusal) is { } asked
            ? servers.CreateAsync(r.Caller, asked, stop) : Task.FromResult(refusal!)),
        Get($"{V}/servers/{{id}}", (r, stop) => servers.ShowAsync(r.Caller, r.Route["id"], stop)),
        Put($"{V}/servers/{{id}}", (r, stop) => UpdateServer.Read(r.Body, r.Caller.Version, out var refusal) is { } asked
            ? servers.UpdateAsync(r.Caller, r.Route["id"], asked, stop) : Task.FromResult(refusal!)),
        Delete($"{V}/servers/{{id}}", (r, stop) => servers.DeleteAsync(r.Caller, r.Route["id"], stop)),

        Post($"{V}/servers/{{id}}/action", (r, stop) => actions.ActAsync(r.Caller, r.Route["id"], r.Body, stop)),
        Get($"{V}/servers/{{id}}/diagnostics", (r, stop) => questions.DiagnosticsAsync(r.Caller, r.Route["id"], stop)),
        Get($"{V}/servers/{{id}}/os-instance-actions", (r, stop) => log.ListAsync(r.Caller, r.Route["id"], r.Query, stop)).Takes(NovaActionLog.Known),
        Get($"{V}/servers/{{id}}/os-instance-actions/{{request}}", (r, stop) => log.ShowAsync(r.Caller, r.Route["id"], r.Route["request"], stop)),

        Get($"{V}/servers/{{id}}/metadata", (r, stop) => metadata.ListAsync(r.Caller, r.Route["id"], stop)),
        Post($"{V}/servers/{{id}}/metadata", (r, stop) => metadata.UpdateAsync(r.Caller, r.Route["id"], r.Body, replaces: false, stop)).ForMembers("server-metadata:update"),
        Put($"{V}/servers/{{id}}/metadata", (r, stop) => metadata.UpdateAsync(r.Caller, r.Route["id"], r.Body, replaces: true, stop)).ForMembers("server-metadata:update"),
        Get($"{V}/servers/{{id}}/metadata/{{key}}", (r, stop) => metadata.ShowAsync(r.Caller, r.Route["id"], r.Route["key"], stop)),
        Put($"{V}/servers/{{id}}/metadata/{{key}}", (r, stop) => metadata.SetAsync(r.Caller, r.Route["id"], r.Route["key"], r.Body, stop)).ForMembers("server-metadata:update"),
        Delete($"{V}/servers/{{id}}/metadata/{{key}}", (r, stop) => metadata.RemoveAsync(r.Caller, r.Route["id"], r.Route["key"], stop)).ForMembers("server-metadata:update"),

        Get($"{V}/servers/{{id}}/tags", (r, stop) => tags.ListAsync(r.Caller, r.Route["id"], stop)).Since(26),
        Put($"{V}/servers/{{id}}/tags", (r, stop) => tags.ReplaceAsync(r.Caller, r.Route["id"], r.Body, stop)).Since(26).ForMembers("os-server-tags:update"),
        Delete($"{V}/servers/{{id}}/tags", (r, stop) => tags.ClearAsync(r.Caller, r.Route["id"], stop)).Since(26).ForMembers("os-server-tags:update"),
        Get($"{V}/servers/{{id}}/tags/{{tag}}", (r, stop) => tags.CheckAsync(r.Caller, r.Route["id"], r.Route["tag"], stop)).Since(26),
        (Put($"{V}/servers/{{id}}/tags/{{tag}}", (r, stop) => tags.AddAsync(r.Caller, r.Route["id"], r.Route["tag"], stop)) with { Body = BodyShape.None }).Since(26).ForMembers("os-server-tags:update"),
        Delete($"{V}/servers/{{id}}/tags/{{tag}}", (r, stop) => tags.RemoveAsync(r.Caller, r.Route["id"], r.Route["tag"], stop)).Since(26).ForMembers("os-server-tags:update"),

        Get($"{V}/flavors", (r, stop) => flavors.ListAsync(r.Caller, r.Query, detail: false, stop)).Takes(FlavorOrder.Known),
        Get($"{V}/flavors/detail", (r, stop) => flavors.ListAsync(r.Caller, r.Query, detail: true, stop)).Takes(FlavorOrder.Known),
        Post($"{V}/flavors", (r, stop) => flavors.CreateAsync(r.Caller, r.Body, stop)).ForAdmins("os-flavor-manage:create"),
        Get($"{V}/flavors/{{id}}", (r, stop) => flavors.ShowAsync(r.Caller, r.Route["id"], stop)),
        Put($"{V}/flavors/{{id}}", (r, stop) => flavors.UpdateAsync(r.Caller, r.Route["id"], r.Body, stop)).Since(55).ForAdmins("os-flavor-manage:update"),
        Delete($"{V}/flavors/{{id}}", (r, _) => flavors.DeleteAsync(r.Route["id"])).ForAdmins("os-flavor-manage:delete"),
        Get($"{V}/flavors/{{id}}/os-extra_specs", (r, stop) => flavors.ShowSpecsAsync(r.Caller, r.Route["id"], key: null, stop)),
        Post($"{V}/flavors/{{id}}/os-extra_specs", (r, _) => flavors.AddSpecsAsync(r.Route["id"], r.Body)).ForAdmins("os-flavor-extra-specs:create"),
        Get($"{V}/flavors/{{id}}/os-extra_specs/{{key}}", (r, stop) => flavors.ShowSpecsAsync(r.Caller, r.Route["id"], r.Route["key"], stop)),
        Put($"{V}/flavors/{{id}}/os-extra_specs/{{key}}", (r, _) => flavors.SetSpecAsync(r.Route["id"], r.Route["key"], r.Body)).ForAdmins("os-flavor-extra-specs:update"),
        Delete($"{V}/flavors/{{id}}/os-extra_specs/{{key}}", (r, stop) => flavors.RemoveSpecAsync(r.Route["id"], r.Route["key"], stop)).ForAdmins("os-flavor-extra-specs:delete"),

        Get($"{V}/os-keypairs", (r, stop) => keypairs.ListAsync(r.Caller, r.Query, stop)).Takes("user_id", "limit", "marker"),
        Post($"{V}/os-keypairs", (r, stop) => keypairs.CreateAsync(r.Caller, r.Body, stop)),
        Get($"{V}/os-keypairs/{{name}}", (r, stop) => keypairs.ShowAsync(r.Caller, r.Route["name"], r.Query, stop)).Takes("user_id"),
        Delete($"{V}/os-keypairs/{{name}}", (r, _) => keypairs.DeleteAsync(r.Caller, r.Route["name"], r.Query)).Takes("user_id"),

        Get($"{V}/limits", (r, stop) => quotas.LimitsAsync(r.Caller, r.Query["tenant_id"], stop)).Takes("reserved", "tenant_id"),
        Get($"{V}/os-quota-sets/{{project}}", (r, stop) => quotas.ShowAsync(r.Caller, r.Route["project"], r.Query["user_id"], detail: false, stop)).Takes("user_id"),
        Put($"{V}/os-quota-sets/{{project}}", (r, stop) => quotas.UpdateAsync(r.Caller, r.Route["project"], r.Query["user_id"], r.Body, stop)).Takes("user_id").ForAdmins("os-quota-sets:update"),
        Delete($"{V}/os-quota-sets/{{project}}", (r, stop) => quotas.ResetAsync(r.Caller, r.Route["project"], r.Query["user_id"], stop)).Takes("user_id").ForAdmins("os-quota-sets:delete"),
        Get($"{V}/os-quota-sets/{{project}}/defaults", (r, stop) => quotas.DefaultsAsync(r.Caller, r.Route["project"], stop)),
        Get($"{V}/os-quota-sets/{{project}}/detail", (r, stop) => quotas.ShowAsync(r.Caller, r.Route["project"], r.Query["user_id"], detail: true, stop)).Takes("user_id"),

        Get($"{V}/extensions", (_, _) => Task.FromResult(Extensions.List())),
        Get($"{V}/extensions/{{alias}}", (r, _) => Task.FromResult(Extensions.Show(r.Route["alias"]))),
    ];
}
