using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>How a server is shown (Nova API, servers), in each version.</summary>
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

    /// <param name="adminPass">Shown with a rebuild only.</param>
    public static void Write(Utf8JsonWriter w, Server server, string baseUrl, ServerShape shape, string? adminPass = null)
    {
        var (intent, view, version) = (server.Intent, server.View, shape.Version);
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
        WriteFlavor(w, intent.Flavor, baseUrl, version);
        w.WriteString("created", NovaTime(intent.CreatedAt));
        w.WriteString("updated", NovaTime(view.UpdatedAt));
        w.WritePropertyName("addresses");
        ServerAddresses.Write(w, server);
        w.WriteString("accessIPv4", intent.AccessIpV4 ?? "");
        w.WriteString("accessIPv6", intent.AccessIpV6 ?? "");
        NovaLinks.WriteBoth(w, baseUrl, $"servers/{intent.Id}");
        w.WriteString("OS-DCF:diskConfig", intent.DiskConfig);
        if (WithProgress.Contains(view.Status))
            w.WriteNumber("progress", Progress(view));
        if (view.Fault is { } fault && WithFault.Contains(view.Status))
            WriteFault(w, fault);
        WriteNewer(w, server, shape);
        if (shape.IsWhole)
            WriteExtended(w, server, shape);
        else if (shape.Answer == ServerAnswer.Rebuild)
            WriteRebuilt(w, server, version);
        if (adminPass is not null)
            w.WriteString("adminPass", adminPass);
        w.WriteEndObject();
    }

    private static void WriteRebuilt(Utf8JsonWriter w, Server server, Microversion version)
    {
        if (version.Has(54))
            w.WriteString("key_name", server.Intent.KeyName);
        if (version.Has(57))
            w.WriteNull("user_data");                    // a rebuild that brings some is refused
    }

    // What versions added to every answer, an update included.
    private static void WriteNewer(Utf8JsonWriter w, Server server, ServerShape shape)
    {
        var (intent, version) = (server.Intent, shape.Version);
        if (version.Has(9))
            w.WriteBoolean("locked", intent.Lock is not null);
        if (version.Has(73))
            w.WriteString("locked_reason", intent.Lock?.Reason);
        if (version.Has(19))
            w.WriteString("description", intent.Description);
        if (version.Has(26))
            WriteStrings(w, "tags", intent.Tags);
        if (version.Has(63))
            w.WriteNull("trusted_image_certificates");   // a create that names some is refused
        if (version.Has(71) && shape.Answer != ServerAnswer.List)
            WriteStrings(w, "server_groups", intent.Group is { } group ? [group.ToString("D")] : []);
    }

    private static void WriteExtended(Utf8JsonWriter w, Server server, ServerShape shape)
    {
        var (intent, view) = (server.Intent, server.View);
        w.WriteString("OS-EXT-AZ:availability_zone", (view.HostName is null ? null : server.Zone) ?? intent.Hints.AvailabilityZone ?? (view.HostName is null ? "" : "nova"));
        w.WriteString("config_drive", "");
        w.WriteString("key_name", intent.KeyName);
        WriteTime(w, "OS-SRV-USG:launched_at", view.LaunchedAt);
        WriteTime(w, "OS-SRV-USG:terminated_at", view.TerminatedAt);
        if (shape.ForAdmin)
            WriteForAdmin(w, server, shape.Version);
        w.WriteString("OS-EXT-STS:task_state", view.TaskState.Name());
        w.WriteString("OS-EXT-STS:vm_state", view.VmState.Name());
        w.WriteNumber("OS-EXT-STS:power_state", (int)view.PowerState);
        w.WriteStartArray("os-extended-volumes:volumes_attached");
        w.WriteEndArray();
    }

    private static void WriteForAdmin(Utf8JsonWriter w, Server server, Microversion version)
    {
        var (intent, view) = (server.Intent, server.View);
        w.WriteString("OS-EXT-SRV-ATTR:host", view.HostName);
        w.WriteString("OS-EXT-SRV-ATTR:instance_name", $"instance-{intent.Id}");
        w.WriteString("OS-EXT-SRV-ATTR:hypervisor_hostname", view.HostName);
        if (version.Has(16))
            w.WriteString("host_status", HostStatusOf(view, server.HostStatus));
        if (!version.Has(3))
            return;
        w.WriteString("OS-EXT-SRV-ATTR:hostname", intent.Hostname);
        w.WriteString("OS-EXT-SRV-ATTR:reservation_id", intent.ReservationId);
        w.WriteNumber("OS-EXT-SRV-ATTR:launch_index", intent.LaunchIndex);
        w.WriteString("OS-EXT-SRV-ATTR:kernel_id", "");
        w.WriteString("OS-EXT-SRV-ATTR:ramdisk_id", "");
        w.WriteString("OS-EXT-SRV-ATTR:root_device_name", RootDevice);
        w.WriteNull("OS-EXT-SRV-ATTR:user_data");        // a create that brings some is refused
    }

    /// <summary>How Xen's block front end names the VBD of device 0, which is the root disk.</summary>
    private const string RootDevice = "/dev/xvda";

    private static string HostStatusOf(ServerView view, string? status) => (view.HostName, status) switch
    {
        (null, _) => "",
        (_, "up") => "UP",
        (_, "down") => "DOWN",
        (_, "maintenance") => "MAINTENANCE",
        _ => "UNKNOWN",
    };

    // Since 2.47 the flavor as it was ordered stands in the server: it may be gone by now.
    private static void WriteFlavor(Utf8JsonWriter w, Flavor flavor, string baseUrl, Microversion version)
    {
        if (!version.Has(47))
        {
            NovaLinks.WriteReference(w, "flavor", flavor.Id, NovaLinks.Bookmark(baseUrl, $"flavors/{Uri.EscapeDataString(flavor.Id)}"));
            return;
        }
        w.WriteStartObject("flavor");
        w.WriteString("original_name", flavor.Name);
        w.WriteNumber("vcpus", flavor.Vcpus);
        w.WriteNumber("ram", flavor.MemoryMib);
        w.WriteNumber("disk", flavor.DiskGib);
        w.WriteNumber("ephemeral", 0);
        w.WriteNumber("swap", 0);
        w.WriteStartObject("extra_specs");
        foreach (var (key, value) in flavor.ExtraSpecs ?? new SortedDictionary<string, string>())
            w.WriteString(key, value);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter w, string name, IEnumerable<string> values)
    {
        w.WriteStartArray(name);
        foreach (var value in values)
            w.WriteStringValue(value);
        w.WriteEndArray();
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
