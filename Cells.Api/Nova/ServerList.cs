using System.Globalization;
using System.Text.RegularExpressions;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>What GET /servers asks for (Nova API, list servers).</summary>
internal sealed record ServerList(ServerFilter Filter, ServerOrder Order, InstanceId? Marker, int Limit)
{
    public const int MaximumLimit = 1_000;

    /// <summary>What a list may be asked by (nova/api/openstack/compute/schemas/servers.py).</summary>
    public static readonly string[] Known =
    [
        "access_ip_v4", "access_ip_v6", "all_tenants", "auto_disk_config", "availability_zone", "changes-before", "changes-since", "config_drive",
        "created_at", "deleted", "description", "display_description", "display_name", "flavor", "host", "hostname", "image", "image_ref",
        "instance_type_id", "ip", "ip6", "kernel_id", "key_name", "launch_index", "launched_at", "limit", "locked", "locked_by", "marker", "name",
        "node", "node_name", "not-tags", "not-tags-any", "page_size", "power_state", "progress", "project_id", "ramdisk_id", "reservation_id",
        "root_device_name", "soft_deleted", "sort_dir", "sort_key", "status", "tags", "tags-any", "task_state", "tenant_id", "terminated_at", "user_id",
        "uuid", "vm_state",
    ];

    /// <summary>Null when the query is wrong; then <paramref name="refusal"/> says how.</summary>
    public static ServerList? Read(Query query, RequestContext caller, out ApiResult? refusal)
    {
        var limit = query.Limit(MaximumLimit, out var problem);
        refusal = problem is null ? null : ApiResult.BadRequest(problem);
        if (refusal is not null || ReadOrder(query, caller.Version, out refusal) is not { } order || ReadFilter(query, caller, out refusal) is not { } filter)
            return null;
        if (query["marker"] is not { } text)
            return new ServerList(filter, order, null, limit);
        if (Guid.TryParseExact(text, "D", out var marker))
            return new ServerList(filter, order, new InstanceId(marker), limit);
        refusal = ApiResult.BadRequest($"marker [{text}] not found");
        return null;
    }

    private static ServerFilter? ReadFilter(Query query, RequestContext caller, out ApiResult? refusal)
    {
        refusal = null;
        if (query.Items.FirstOrDefault(item => item.Key.StartsWith('_')).Key is { } hidden)
            refusal = ApiResult.BadRequest($"Invalid filter key '{hidden}'.");
        var allProjects = query["all_tenants"] is { } word && (word.Length == 0 || (BodyObject.BooleanWord(word) ?? Invalid("all_tenants", word, ref refusal)));
        if (allProjects && !caller.IsAdmin)
            refusal ??= ApiResult.Forbidden("Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed.");
        var version = caller.Version;
        DateTimeOffset? since = query["changes-since"] is { } time ? ReadTime("changes-since", time, ref refusal) : null;
        DateTimeOffset? before = version.Has(66) && query["changes-before"] is { } end ? ReadTime("changes-before", end, ref refusal) : null;
        if (since > before)
            refusal ??= ApiResult.BadRequest("The value of changes-since must be less than or equal to changes-before.");
        if (query["name"] is { } pattern && !IsPattern(pattern))
            refusal ??= NoPattern(pattern);

        var statuses = query.All("status");
        if (version.Has(38) && statuses.FirstOrDefault(status => !InstanceStateNames.IsStatus(status)) is { } odd)
            refusal ??= ApiResult.BadRequest($"Invalid input for query parameters status. Value: {odd}. It is no status of a server");
        var filter = ServerFilter.All with
        {
            Project = allProjects ? null : caller.Project,
            Deleted = since is null && before is null ? false : null,
            ChangedSince = since,
            ChangedBefore = before,
            Locked = version.Has(73) && query["locked"] is { } locked ? BodyObject.BooleanWord(locked) ?? Invalid("locked", locked, ref refusal) : null,
            Tags = version.Has(26) ? new TagFilter(Tags(query["tags"]), Tags(query["tags-any"]), Tags(query["not-tags"]), Tags(query["not-tags-any"])) : TagFilter.None,
            NamePattern = query["name"],
            Flavor = query["flavor"] is { } flavor ? flavor[(flavor.LastIndexOf('/') + 1)..] : null,
            Image = Id(query["image"]),
            ReservationId = query["reservation_id"],
            Statuses = statuses,
            // Addresses come with the network service: until then nothing has one.
            Nothing = query["ip"] is not null || (query["ip6"] is not null && (caller.IsAdmin || version.Has(5))),
        };
        if (statuses.Any(status => status.Equals("DELETED", StringComparison.OrdinalIgnoreCase)))
        {
            if (!caller.IsAdmin)
                refusal ??= ApiResult.Forbidden("Only administrators may list deleted instances");
            filter = filter with { Deleted = true };
        }
        filter = caller.IsAdmin ? ForAdmin(filter, query, allProjects, ref refusal) : filter;
        return refusal is null ? filter : null;
    }

    // What only admins may filter by is, for others, not there (Nova API 2.1).
    private static ServerFilter ForAdmin(ServerFilter filter, Query query, bool allProjects, ref ApiResult? refusal)
    {
        if (query["deleted"] is { Length: > 0 } word)
            filter = filter with { Deleted = BodyObject.BooleanWord(word) ?? Invalid("deleted", word, ref refusal) };
        if (allProjects && (query["project_id"] ?? query["tenant_id"]) is { } project)
            filter = filter with { Project = new ProjectId(Id(project)!.Value) };
        if (query["vm_state"] is { } vmState && vmState.Equals("deleted", StringComparison.OrdinalIgnoreCase))
            filter = filter with { Deleted = true };
        return filter with
        {
            Id = Id(query["uuid"]),
            User = Id(query["user_id"]),
            KeyName = query["key_name"],
            Zone = query["availability_zone"],
            Host = query["host"] ?? query["node"],
            VmStates = query.All("vm_state"),
            TaskStates = query.All("task_state"),
            PowerStates = [.. query.All("power_state").Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var state) ? state : -1)],
        };
    }

    private static ServerOrder? ReadOrder(Query query, Microversion version, out ApiResult? refusal)
    {
        var directions = query.All("sort_dir");
        refusal = directions.FirstOrDefault(direction => direction is not ("asc" or "desc")) is { } unknown
            ? ApiResult.BadRequest($"Invalid input for query parameters sort_dir. Value: {unknown}. It is not one of asc, desc") : null;
        var keys = query.All("sort_key");
        if (!version.Has(73) && keys.Contains("locked"))
            refusal ??= ApiResult.BadRequest("Sort key supplied is invalid: locked");
        if (refusal is null && directions.Count > Math.Max(keys.Count, 1))
            refusal = ApiResult.BadRequest("There are more sort directions than sort keys.");
        if (refusal is not null)
            return null;
        var asked = keys.Select((key, i) => (key, (directions.ElementAtOrDefault(i) ?? "desc") == "asc")).ToList();
        if (asked.Count == 0 && directions.Count == 1)
            asked.Add(("created_at", directions[0] == "asc"));
        var order = ServerOrder.Of(asked, out var problem);
        refusal = problem is null ? null : ApiResult.BadRequest(problem);
        return order;
    }

    private static string[]? Tags(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries);

    internal static DateTimeOffset? ReadTime(string name, string text, ref ApiResult? refusal)
    {
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
            return time;
        refusal ??= ApiResult.BadRequest($"Invalid input for query parameters {name}. Value: {text}. It is not a time");
        return null;
    }

    public static ApiResult NoPattern(string pattern) =>
        ApiResult.BadRequest($"Invalid input for query parameters name. Value: {pattern}. It is not a regular expression");

    // Groups and escapes that PostgreSQL's dialect lacks (PostgreSQL manual, 9.7.3). It is not even asked: after it had refused such a pattern, the
    // same list with a right one was answered 500 (seen in tests; most likely the statement that was being prepared when it was refused).
    private static readonly Regex OnlyDotNet = new(@"\(\?(?![:=!]|<[=!])|\\[a-zA-Z-[aBbcefnrtuUvxdswDSWAmMyYZ]]", RegexOptions.None, TimeSpan.FromSeconds(1));

    // The database has the last word (NovaServers): its dialect knows less than .NET's. This keeps out what both refuse, and what is too long.
    private static bool IsPattern(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.None, TimeSpan.FromSeconds(1));
            if (OnlyDotNet.IsMatch(pattern))
                return false;
            return pattern.Length <= 255;
        }
        catch (ArgumentException)
        {
            return false;   // the caller says 400
        }
    }

    private static bool Invalid(string name, string value, ref ApiResult? refusal)
    {
        refusal ??= ApiResult.BadRequest($"Invalid input for query parameters {name}. Value: {value}. It is true or false");
        return false;
    }

    // A text that is no uuid names nothing that is there.
    private static Guid? Id(string? text) => text is null ? null : Guid.TryParse(text, out var id) ? id : Guid.Empty;
}
