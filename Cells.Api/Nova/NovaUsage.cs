using System.Globalization;
using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>Usage of projects over a time (Nova API, os-simple-tenant-usage): hours that servers were there, times what they had.</summary>
internal sealed class NovaUsage(UsageStore store, TimeProvider time, HomeOptions options)
{
    public static readonly string[] Known = ["start", "end", "detailed", "limit", "marker"];

    private const int MaximumLimit = 1_000;

    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.FFFFFF", "yyyy-MM-dd HH:mm:ss.FFFFFF"];

    /// <summary>Every project that had something, by id.</summary>
    public async Task<ApiResult> ListAsync(RequestContext caller, Query query, CancellationToken stop)
    {
        if (Read(query, caller.Version, out var problem) is not { } asked)
            return ApiResult.BadRequest(problem!);
        var servers = await store.ReadAsync(null, asked.Start, asked.End, asked.Marker, asked.Limit, stop);
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WriteStartArray("tenant_usages");
            foreach (var project in servers.GroupBy(server => server.Project).OrderBy(project => project.Key.Value))
                Write(w, project.Key, [.. project], asked, query["detailed"] == "1");
            w.WriteEndArray();
            WriteNext(w, "tenant_usages_links", "os-simple-tenant-usage", query, servers, asked);
            w.WriteEndObject();
        });
    }

    /// <summary>One project with its servers; an empty object when it had none.</summary>
    public async Task<ApiResult> ShowAsync(RequestContext caller, string project, Query query, CancellationToken stop)
    {
        if (!caller.IsAdmin && project != caller.Project?.ToString())
            return ServerAccess.NotAllowed("os-simple-tenant-usage:show");
        if (Read(query, caller.Version, out var problem) is not { } asked)
            return ApiResult.BadRequest(problem!);
        var servers = Guid.TryParse(project, out var id) ? await store.ReadAsync(new ProjectId(id), asked.Start, asked.End, asked.Marker, asked.Limit, stop) : [];
        return ApiResult.Ok(w =>
        {
            w.WriteStartObject();
            w.WritePropertyName("tenant_usage");
            if (servers.Count > 0)
            {
                Write(w, servers[0].Project, servers, asked, detailed: true);
            }
            else
            {
                w.WriteStartObject();
                w.WriteEndObject();
            }
            WriteNext(w, "tenant_usage_links", $"os-simple-tenant-usage/{project}", query, servers, asked);
            w.WriteEndObject();
        });
    }

    private Asked? Read(Query query, Microversion version, out string? problem)
    {
        var now = time.GetUtcNow();
        var (start, end) = (ReadTime(query["start"], now), ReadTime(query["end"], now));
        var limit = version.Has(40) ? query.Limit(MaximumLimit, out problem) : NoLimit(out problem);
        Guid marker = default;
        if (start is null || end is null)
            problem ??= "Datetime is in invalid format";
        else if (start > end)
            problem ??= "Invalid start time. The start time cannot occur after the end time.";
        else if (version.Has(40) && query["marker"] is { } text && !Guid.TryParseExact(text, "D", out marker))
            problem ??= $"marker [{text}] not found";
        return problem is null
            ? new Asked(start!.Value, end!.Value, now, marker == default ? null : new InstanceId(marker), limit)
            : null;
    }

    private static int? NoLimit(out string? problem)
    {
        problem = null;
        return null;
    }

    private static DateTimeOffset? ReadTime(string? text, DateTimeOffset now) =>
        text is null ? now
        : DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at
        : null;

    private void WriteNext(Utf8JsonWriter w, string name, string path, Query query, IReadOnlyList<ServerUsage> servers, Asked asked)
    {
        if (servers.Count > 0 && servers.Count == asked.Limit)
            NovaLinks.WriteNext(w, name, NovaLinks.Self(options.BaseUrl, $"{path}?{query.With("marker", servers[^1].Id.ToString())}"));
    }

    private static void Write(Utf8JsonWriter w, ProjectId project, IReadOnlyList<ServerUsage> servers, Asked asked, bool detailed)
    {
        double Sum(Func<ServerUsage, double> each) => servers.Sum(server => server.Hours(asked.Start, asked.End) * each(server));
        w.WriteStartObject();
        w.WriteString("tenant_id", project.ToString());
        w.WriteString("start", NovaTimes.Micro(asked.Start));
        w.WriteString("stop", NovaTimes.Micro(asked.End));
        w.WriteNumber("total_hours", Sum(_ => 1));
        w.WriteNumber("total_vcpus_usage", Sum(server => server.Vcpus));
        w.WriteNumber("total_memory_mb_usage", Sum(server => server.MemoryMib));
        w.WriteNumber("total_local_gb_usage", Sum(server => server.DiskGib));
        if (detailed)
        {
            w.WriteStartArray("server_usages");
            foreach (var server in servers)
                WriteServer(w, server, asked);
            w.WriteEndArray();
        }
        w.WriteEndObject();
    }

    private static void WriteServer(Utf8JsonWriter w, ServerUsage server, Asked asked)
    {
        w.WriteStartObject();
        w.WriteString("instance_id", server.Id.Value);
        w.WriteString("name", server.Name);
        w.WriteString("tenant_id", server.Project.ToString());
        w.WriteString("flavor", server.FlavorName);
        w.WriteNumber("vcpus", server.Vcpus);
        w.WriteNumber("memory_mb", server.MemoryMib);
        w.WriteNumber("local_gb", server.DiskGib);
        w.WriteNumber("hours", server.Hours(asked.Start, asked.End));
        w.WriteString("started_at", NovaTimes.Micro(server.LaunchedAt));
        w.WriteString("ended_at", server.TerminatedAt is { } ended ? NovaTimes.Micro(ended) : null);
        w.WriteString("state", server.TerminatedAt is null ? server.State.Name() : "terminated");
        w.WriteNumber("uptime", (long)((server.TerminatedAt ?? asked.Now) - server.LaunchedAt).TotalSeconds);
        w.WriteEndObject();
    }

    private sealed record Asked(DateTimeOffset Start, DateTimeOffset End, DateTimeOffset Now, InstanceId? Marker, int? Limit);
}
