using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Cells.Api.Http;
using Cells.Api.Networks;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>What POST /servers asks for, as far as its own syntax tells (Nova API 2.1, create server).</summary>
/// <param name="FlavorRef">An id; a URL was cut to its last part.</param>
public sealed record CreateServer(
    string Name,
    string FlavorRef,
    ImageId Image,
    string? AdminPass,
    IReadOnlyDictionary<string, string> Metadata,
    string? KeyName,
    PlacementHints Hints,
    string DiskConfig,
    string? AccessIpV4,
    string? AccessIpV6,
    int MinCount,
    int MaxCount,
    bool ReturnReservationId,
    IReadOnlyList<string> SecurityGroups)
{
    public string? Description { get; init; }

    /// <summary>The server group that the hint names; null for none.</summary>
    public Guid? Group { get; init; }

    /// <summary>In order.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];
    /// <summary>Interfaces.</summary>
    public NicsAsked Nics { get; init; } = NicsAsked.Auto;

    // A bound on one request, not on a project: beyond it the change would hold the cell's committer too long.
    private const int MaximumCount = 1_000;

    /// <summary>The first group that is not the project's own: by name only that one is let through, by id it is not known before.</summary>
    internal string? ForeignGroup(ProjectId project) => SecurityGroups.FirstOrDefault(group => group != "default" && group != NetworkView.DefaultGroup(project));

    /// <summary>The least a request needs to say.</summary>
    public static CreateServer Of(string name, string flavor, ImageId image) => new(
        name, flavor, image, null, new SortedDictionary<string, string>(), null, PlacementHints.None, "MANUAL", null, null, 1, 1, false, ["default"]);

    /// <summary>Null when the body is wrong; then <paramref name="refusal"/> says how.</summary>
    public static CreateServer? Read(JsonElement body, Microversion version, out ApiResult? refusal)
    {
        var problem = new Problem();
        var root = BodyObject.Root(body, problem);
        var server = root.Object("server");
        var hints = root.OptionalObject("os:scheduler_hints") ?? root.OptionalObject("OS-SCH-HNT:scheduler_hints");
        root.Ignore("os:scheduler_hints");
        root.Ignore("OS-SCH-HNT:scheduler_hints");

        var asked = new CreateServer(
            ReadName(server),
            LastPart(ReadFlavorRef(server)),
            ReadImage(server),
            server.OptionalText("adminPass"),
            MetadataItems.Read(server, "metadata") ?? new SortedDictionary<string, string>(),
            server.OptionalText("key_name", minimum: 1),
            ReadHints(server, hints),
            ReadDiskConfig(server),
            ReadAddress(server, "accessIPv4", AddressFamily.InterNetwork),
            ReadAddress(server, "accessIPv6", AddressFamily.InterNetworkV6),
            (int)(server.Integer("min_count", 1, int.MaxValue) ?? 1),
            (int)(server.Integer("max_count", 1, int.MaxValue) ?? 0),
            server.Boolean("return_reservation_id") ?? false,
            ReadGroups(server))
        {
            Description = version.Has(19) ? server.OptionalText("description") : null,
            Group = ReadGroup(hints),
            Tags = (version.Has(52) ? ServerTags.Read(server, "tags") : null) ?? [],
        };
        if (asked.MaxCount == 0)
            asked = asked with { MaxCount = asked.MinCount };
        asked = asked with { Nics = NicsAsked.Read(server, version) };
        ReadAbsent(server, version);
        server.Close();
        root.Close();
        if (asked.MinCount > asked.MaxCount)
            problem.Note("server.min_count", "min_count must be <= max_count");
        if (asked.MaxCount > MaximumCount)
            problem.Note("server.max_count", $"One request makes at most {MaximumCount} servers.");
        refusal = problem.Text is { } wrong ? ApiResult.BadRequest(wrong) : null;
        return refusal is null ? asked : null;
    }

    internal static string ReadName(BodyObject server)
    {
        var name = server.Text("name");
        if (name.Trim() != name || name.Any(char.IsControl))
            server.Problem.Note("server.name", "It may not begin or end with a space, nor have control characters.");
        return name;
    }

    // An id that is a number is taken too.
    /// <summary>A flavor's id as text, or as a number where it is one.</summary>
    internal static string ReadFlavorRef(BodyObject server) =>
        server.Any("flavorRef") is { ValueKind: JsonValueKind.Number } number ? number.GetRawText() : server.Text("flavorRef", maximum: 2_048);

    private static ImageId ReadImage(BodyObject server)
    {
        var text = server.OptionalText("imageRef", maximum: 2_048);
        if (string.IsNullOrEmpty(text))
            server.Problem.Note("server.imageRef", "Invalid imageRef provided. A server of this cloud boots from an image: it has no volumes.");
        else if (Guid.TryParseExact(LastPart(text), "D", out var id))
            return new ImageId(id);
        else
            server.Problem.Note("server.imageRef", "Invalid imageRef provided.");
        return default;
    }

    private static PlacementHints ReadHints(BodyObject server, BodyObject? hints)
    {
        var zone = server.OptionalText("availability_zone", minimum: 1);
        if (zone is not null && zone.Contains(':'))
            server.Problem.Note("server.availability_zone", "Naming a host in it is not possible here; name a zone.");
        if (hints is null)
            return PlacementHints.None with { AvailabilityZone = zone };
        foreach (var name in new[] { "same_host", "different_host", "query", "cidr", "build_near_host_ip" })
        {
            if (hints.Has(name))
                server.Problem.Note($"os:scheduler_hints.{name}", "This cloud does not act on this hint; a request that depends on it is refused.");
        }
        var only = hints.OptionalText("target_cell") is { } target ? ReadCell(hints, "target_cell", target) : (CellName?)null;
        var not = (hints.Any("different_cell") is { ValueKind: JsonValueKind.Array } ? hints.Array("different_cell")! : [])
            .Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : "")
            .Concat(hints.Any("different_cell") is { ValueKind: JsonValueKind.String } one ? [one.GetString()!] : [])
            .Select(name => ReadCell(hints, "different_cell", name));
        return new PlacementHints(zone, only, [.. not]);
    }

    private static Guid? ReadGroup(BodyObject? hints)
    {
        if (hints?.OptionalText("group") is not { } text)
            return null;
        if (Guid.TryParseExact(text, "D", out var id))
            return id;
        hints.Problem.Note("os:scheduler_hints.group", $"Value: {text}. Server group scheduler hint must be a UUID.");
        return null;
    }

    // Hints may name a cell by its path; the name, its last part, is enough.
    private static CellName ReadCell(BodyObject hints, string hint, string text)
    {
        if (!CellName.TryParse(text[(text.LastIndexOfAny(['.', '!']) + 1)..], out var name))
            hints.Problem.Note($"os:scheduler_hints.{hint}", $"Value: {text}. It is not the name of a cell");
        return name;
    }

    internal static string ReadDiskConfig(BodyObject server)
    {
        var config = server.OptionalText("OS-DCF:diskConfig") ?? "MANUAL";
        if (config is not ("AUTO" or "MANUAL"))
            server.Problem.Note("server.OS-DCF:diskConfig", $"Value: {config}. It is not one of AUTO, MANUAL");
        return config;
    }

    internal static string? ReadAddress(BodyObject server, string name, AddressFamily family)
    {
        var text = server.OptionalText(name);
        if (string.IsNullOrEmpty(text))
            return null;
        if (!IPAddress.TryParse(text, out var address) || address.AddressFamily != family)
            server.Problem.Note($"server.{name}", $"Value: {text}. It is not an address of that kind");
        return text;
    }

    private static List<string> ReadGroups(BodyObject server)
    {
        var groups = server.Objects("security_groups")?.Select(group =>
        {
            var name = group.Text("name");
            group.Close();
            return name;
        }).Distinct(StringComparer.Ordinal).ToList() ?? ["default"];
        if (groups.FirstOrDefault(name => name != "default" && !Guid.TryParse(name, out _)) is { } unknown)
            server.Problem.Note("server.security_groups", $"Security group {unknown} not found: this cloud filters nothing, and so has only 'default'.");
        return groups.Count == 0 ? ["default"] : groups;
    }

    // What Nova knows and this cloud cannot do is allowed where it asks for nothing, and refused, by name, where it asks for something.
    private static void ReadAbsent(BodyObject server, Microversion version)
    {
        if (version.Has(74))
            ReadDestination(server);
        if (version.Has(63) && server.Array("trusted_image_certificates") is { Count: > 0 })
            server.Problem.Note("server.trusted_image_certificates", "This cloud checks images by their digest and by no certificates.");
        if (!version.Has(57) && server.Array("personality") is { Count: > 0 })
            server.Problem.Note("server.personality", "This cloud cannot put files into a server's disk.");
        if (server.Boolean("config_drive") == true)
            server.Problem.Note("server.config_drive", "This cloud has no config drives.");
        if (!string.IsNullOrEmpty(server.OptionalText("user_data", maximum: 65_535)))
            server.Problem.Note("server.user_data", "This cloud has no metadata service that would give it to the server.");
        if (server.Array("block_device_mapping") is { Count: > 0 })
            server.Problem.Note("server.block_device_mapping", "Block Device Mapping is Invalid: this cloud has no volumes.");
        foreach (var device in server.Objects("block_device_mapping_v2") ?? [])
            ReadDevice(device);
    }

    // The host of a server is chosen by the cells below; a request names a cell at most.
    private static void ReadDestination(BodyObject server)
    {
        foreach (var name in new[] { "host", "hypervisor_hostname" })
        {
            if (server.OptionalText(name) is not null)
                server.Problem.Note($"server.{name}", "Naming a host is not possible here; name a zone, or a cell with the hint target_cell.");
        }
    }

    // The one device that is what imageRef says already; clients send it beside imageRef.
    private static void ReadDevice(BodyObject device)
    {
        var local = device.OptionalText("source_type") == "image" && (device.OptionalText("destination_type") ?? "local") == "local"
            && device.Integer("boot_index", -1, int.MaxValue) == 0 && !device.Has("tag") && !device.Has("volume_type");
        if (!local)
            device.Problem.Note("server.block_device_mapping_v2", "Block Device Mapping is Invalid: this cloud has no volumes; a server has the disk of its image.");
    }

    private static string LastPart(string reference) => reference[(reference.TrimEnd('/').LastIndexOf('/') + 1)..].TrimEnd('/');
}
