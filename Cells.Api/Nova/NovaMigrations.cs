using System.Globalization;
using System.Text.Json;
using Cells.Api.Http;
using static Cells.Api.Nova.ComputeRoutes;

namespace Cells.Api.Nova;

/// <summary>Resizes and migrations (Nova API 2.1, os-migrations; from 2.23 on servers/{id}/migrations, which lists the live ones that have not ended).</summary>
internal sealed class NovaMigrations(ServerStore servers, MigrationStore migrations, HomeOptions options)
{
    private const int MaximumLimit = 1_000;

    /// <summary>What the list may be asked by (nova/api/openstack/compute/schemas/migrations.py).</summary>
    private static readonly string[] Known =
    [
        "hidden", "host", "instance_uuid", "source_compute", "status", "migration_type", "limit", "marker", "changes-since", "changes-before", "user_id", "project_id",
    ];

    public IEnumerable<ApiRoute> Routes =>
    [
        Get($"{V}/os-migrations", (r, stop) => ListAsync(r.Caller, r.Query, stop)).Takes(Known).ForAdmins("os-migrations:index"),
        Get($"{V}/servers/{{id}}/migrations", (r, stop) => ListAsync(r.Caller, r.Route["id"], stop)).Since(23).ForAdmins("servers:migrations:index"),
        Get($"{V}/servers/{{id}}/migrations/{{migration}}", (r, stop) => ShowAsync(r.Caller, r.Route["id"], r.Route["migration"], stop)).Since(23).ForAdmins("servers:migrations:show"),
    ];

    private async Task<ApiResult> ListAsync(RequestContext caller, Query query, CancellationToken stop)
    {
        var refusal = default(ApiResult);
        DateTimeOffset? since = caller.Version.Has(59) && query["changes-since"] is { } from ? ServerList.ReadTime("changes-since", from, ref refusal) : null;
        DateTimeOffset? before = caller.Version.Has(66) && query["changes-before"] is { } to ? ServerList.ReadTime("changes-before", to, ref refusal) : null;
        string? problem = null;
        int? limit = caller.Version.Has(59) ? query.Limit(MaximumLimit, out problem) : null;
        refusal ??= problem is null ? null : ApiResult.BadRequest(problem);
        if (refusal is not null)
            return refusal;
        Migration? marker = null;
        if (caller.Version.Has(59) && query["marker"] is { } mark && (!Guid.TryParse(mark, out var at) || (marker = await migrations.FindAsync(at, stop)) is null))
            return ApiResult.BadRequest($"Marker {mark} could not be found.");
        // What is no id is nobody's.
        var filter = new MigrationFilter(
            query["instance_uuid"] is { } server ? new Contracts.InstanceId(Guid.TryParse(server, out var id) ? id : Guid.Empty) : null, query["migration_type"], query["status"], query["source_compute"], query["host"],
            caller.Version.Has(80) ? IdOf(query["project_id"]) : null, caller.Version.Has(80) ? IdOf(query["user_id"]) : null, since, before);
        // Nova hides none.
        var found = query["hidden"] is "1" or "true" or "True" ? [] : await migrations.ListAsync(filter, marker?.Number, limit + 1, stop);
        var page = limit is { } most ? found.Take(most).ToList() : found;
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("migrations");
            foreach (var migration in page)
                Write(w, migration, caller.Version);
            w.WriteEndArray();
            if (caller.Version.Has(59) && page.Count < found.Count)
                NovaLinks.WriteNext(w, "migrations_links", NovaLinks.Self(options.BaseUrl, $"os-migrations?{query.With("marker", page[^1].Id.ToString())}"));
            w.WriteEndObject();
        });
    }

    private static Guid? IdOf(string? text) => text is null ? null : Guid.TryParse(text, out var id) ? id : Guid.Empty;

    private Task<ApiResult> ListAsync(RequestContext caller, string id, CancellationToken stop) => Unavailable.GuardAsync(async () =>
    {
        if (await servers.FindAsync(caller, id, stop) is not { } server)
            return ServerAccess.NoSuchServer(id);
        var found = await RunningAsync(server, stop);
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("migrations");
            foreach (var migration in found)
                WriteRunning(w, migration, caller.Version);
            w.WriteEndArray();
            w.WriteEndObject();
        });
    });

    private Task<ApiResult> ShowAsync(RequestContext caller, string id, string number, CancellationToken stop) => Unavailable.GuardAsync(async () =>
    {
        if (await servers.FindAsync(caller, id, stop) is not { } server)
            return ServerAccess.NoSuchServer(id);
        if ((await RunningAsync(server, stop)).FirstOrDefault(m => m.Number.ToString(CultureInfo.InvariantCulture) == number) is not { } migration)
            return ApiResult.NotFound($"In-progress live migration {number} is not found for server {id}.");
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WritePropertyName("migration");
            WriteRunning(w, migration, caller.Version);
            w.WriteEndObject();
        });
    });

    private async Task<IReadOnlyList<Migration>> RunningAsync(Server server, CancellationToken stop) =>
        [.. (await migrations.ListAsync(new MigrationFilter(server.Intent.Id, "live-migration"), null, null, stop)).Where(m => m.Status is "accepted" or "migrating")];

    private static void Write(Utf8JsonWriter w, Migration migration, Microversion version)
    {
        w.WriteStartObject();
        WriteEnds(w, migration, version);
        w.WriteString("instance_uuid", migration.Instance.Value);
        WriteFlavor(w, "old_instance_type_id", migration.OldFlavor);
        WriteFlavor(w, "new_instance_type_id", migration.NewFlavor);
        if (version.Has(23))
            w.WriteString("migration_type", migration.Type);
        w.WriteEndObject();
    }

    /// <summary>The hypervisor tells of no bytes: they are unknown, and said so.</summary>
    private static void WriteRunning(Utf8JsonWriter w, Migration migration, Microversion version)
    {
        w.WriteStartObject();
        WriteEnds(w, migration, version);
        w.WriteString("server_uuid", migration.Instance.Value);
        foreach (var what in new[] { "memory", "disk" })
            foreach (var part in new[] { "total", "processed", "remaining" })
                w.WriteNull($"{what}_{part}_bytes");
        w.WriteEndObject();
    }

    private static void WriteEnds(Utf8JsonWriter w, Migration migration, Microversion version)
    {
        w.WriteNumber("id", migration.Number);
        w.WriteString("status", migration.Status);
        foreach (var (side, host) in new[] { ("source", migration.SourceHost), ("dest", migration.DestHost) })
        {
            w.WriteString($"{side}_compute", host);
            w.WriteString($"{side}_node", host);
        }
        w.WriteNull("dest_host");                                 // its address; Nova has none for most drivers
        w.WriteString("created_at", NovaTimes.Micro(migration.CreatedAt));
        w.WriteString("updated_at", NovaTimes.Micro(migration.UpdatedAt));
        if (version.Has(59))
            w.WriteString("uuid", migration.Id);
        if (version.Has(80))
        {
            w.WriteString("user_id", migration.User.ToString());
            w.WriteString("project_id", migration.Project.ToString());
        }
    }

    /// <summary>Nova shows the row of its flavor table; here a flavor has no number but the one that its id may be.</summary>
    private static void WriteFlavor(Utf8JsonWriter w, string name, string flavor)
    {
        if (int.TryParse(flavor, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            w.WriteNumber(name, number);
        else
            w.WriteNull(name);
    }
}
