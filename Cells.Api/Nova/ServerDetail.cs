using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>How a server is shown (Nova API 2.1).</summary>
internal static class ServerDetail
{
    private static readonly HashSet<string> WithProgress = new(StringComparer.Ordinal) { "ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING" };
    private static readonly HashSet<string> WithFault = new(StringComparer.Ordinal) { "ERROR", "DELETED" };

    /// <summary>The short form of lists.</summary>
    public static void WriteShort(Utf8JsonWriter w, Server server, string baseUrl)
    {
        w.WriteStartObject();
        w.WriteString("id", server.Intent.Id.Value);
        w.WriteString("name", server.Intent.Name);
        NovaLinks.WriteBoth(w, baseUrl, $"servers/{server.Intent.Id}");
        w.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter w, Server server, string baseUrl, bool forAdmin)
    {
        var (intent, view) = (server.Intent, server.View);
        w.WriteStartObject();
        w.WriteString("id", intent.Id.Value);
        w.WriteString("name", intent.Name);
        w.WriteString("status", view.Status);
        w.WriteString("tenant_id", intent.Project.ToString());
        w.WriteString("user_id", intent.User.ToString());
        w.WriteStartObject("metadata");
        foreach (var (key, value) in intent.Metadata)
            w.WriteString(key, value);
        w.WriteEndObject();
        w.WriteString("hostId", HostIdOf(intent.Project, view.HostName));
        NovaLinks.WriteReference(w, "image", intent.Image.Id.ToString(), NovaLinks.Bookmark(baseUrl, $"images/{intent.Image.Id}"));
        NovaLinks.WriteReference(w, "flavor", intent.Flavor.Id, NovaLinks.Bookmark(baseUrl, $"flavors/{Uri.EscapeDataString(intent.Flavor.Id)}"));
        w.WriteString("created", NovaTime(intent.CreatedAt));
        w.WriteString("updated", NovaTime(view.UpdatedAt));
        w.WriteStartObject("addresses");
        w.WriteEndObject();
        w.WriteString("accessIPv4", intent.AccessIpV4 ?? "");
        w.WriteString("accessIPv6", intent.AccessIpV6 ?? "");
        NovaLinks.WriteBoth(w, baseUrl, $"servers/{intent.Id}");
        w.WriteString("OS-DCF:diskConfig", intent.DiskConfig);
        if (WithProgress.Contains(view.Status))
            w.WriteNumber("progress", Progress(view));
        if (view.Fault is { } fault && WithFault.Contains(view.Status))
            WriteFault(w, fault);
        w.WriteString("OS-EXT-AZ:availability_zone", intent.Hints.AvailabilityZone ?? (view.HostName is null ? "" : "nova"));
        w.WriteString("config_drive", "");
        w.WriteString("key_name", intent.KeyName);
        WriteTime(w, "OS-SRV-USG:launched_at", view.LaunchedAt);
        WriteTime(w, "OS-SRV-USG:terminated_at", view.TerminatedAt);
        if (forAdmin)
        {
            w.WriteString("OS-EXT-SRV-ATTR:host", view.HostName);
            w.WriteString("OS-EXT-SRV-ATTR:instance_name", $"instance-{intent.Id}");
            w.WriteString("OS-EXT-SRV-ATTR:hypervisor_hostname", view.HostName);
        }
        w.WriteString("OS-EXT-STS:task_state", view.TaskState.Name());
        w.WriteString("OS-EXT-STS:vm_state", view.VmState.Name());
        w.WriteNumber("OS-EXT-STS:power_state", (int)view.PowerState);
        w.WriteStartArray("os-extended-volumes:volumes_attached");
        w.WriteEndArray();
        w.WriteEndObject();
    }

    /// <summary>Percent of the workflow's steps that are done, from "clone-disk 3/7"; 0 when none runs, as in Nova.</summary>
    public static int Progress(ServerView view)
    {
        var text = view.Step is { } step ? step[(step.LastIndexOf(' ') + 1)..].Split('/') : [];
        return text is [var done, var all]
            && int.TryParse(done, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            && int.TryParse(all, NumberStyles.None, CultureInfo.InvariantCulture, out var of) && of > 0
            ? Math.Clamp(100 * n / of, 0, 100) : 0;
    }

    public static string NovaTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>
    /// The same for two servers of one project on one host, different for two projects. Nova takes SHA-224, which .NET has not; clients only
    /// compare it, so it is SHA-256 cut to SHA-224's length.
    /// </summary>
    internal static string HostIdOf(ProjectId project, string? host) => host is null ? "" :
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project + host)).AsSpan(0, 28));

    private static void WriteFault(Utf8JsonWriter w, ServerFault fault)
    {
        w.WriteStartObject("fault");
        w.WriteNumber("code", 500);
        w.WriteString("created", NovaTime(fault.Created));
        w.WriteString("message", fault.Message);
        w.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter w, string name, DateTimeOffset? time)
    {
        if (time is { } at)
            w.WriteString(name, at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture));
        else
            w.WriteNull(name);
    }
}
