using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Images;

/// <summary>What POST /v2/images describes. Members that the schema does not name become properties of the image.</summary>
internal static class ImageBody
{
    public static readonly IReadOnlyList<string> DiskFormats = ["raw", "vhd", "vhdx", "vmdk", "vdi", "iso", "ploop", "qcow2", "aki", "ari", "ami"];
    public static readonly IReadOnlyList<string> ContainerFormats = ["bare", "ovf", "ova", "docker", "compressed", "aki", "ari", "ami"];
    public static readonly IReadOnlyList<string> Visibilities = ["public", "private", "shared", "community"];

    /// <summary>Set by the service alone (Glance v2 schema, readOnly).</summary>
    public static readonly IReadOnlySet<string> ReadOnly = new HashSet<string>(StringComparer.Ordinal)
    {
        "status", "checksum", "os_hash_algo", "os_hash_value", "size", "virtual_size", "direct_url", "self", "file", "schema", "created_at",
        "updated_at", "locations", "stores",
    };

    /// <summary>Every name that an image has of its own (Glance v2 schema): no property bears one.</summary>
    public static bool IsOwn(string name) => ReadOnly.Contains(name) || Settable.Contains(name);

    private static readonly HashSet<string> Settable = new HashSet<string>(StringComparer.Ordinal)
    {
        "id", "name", "visibility", "protected", "owner", "min_disk", "min_ram", "disk_format", "container_format", "os_hidden", "tags",
    };

    /// <summary>Null when the body is wrong; then <paramref name="problem"/> says how.</summary>
    public static StoredImage? Read(JsonElement body, ImageId newId, ProjectId owner, DateTimeOffset now, out string? problem)
    {
        var found = new Problem();
        var asked = BodyObject.Root(body, found);
        var image = new StoredImage(
            asked.OptionalText("id") is { } id ? ReadId(id, found) : newId,
            asked.OptionalText("owner") is { } other ? ReadOwner(other, owner, found) : owner,
            asked.OptionalText("name"),
            OneOf(asked, "visibility", Visibilities, found) ?? "shared",
            asked.Boolean("protected") ?? false,
            asked.Boolean("os_hidden") ?? false,
            OneOf(asked, "disk_format", DiskFormats, found),
            OneOf(asked, "container_format", ContainerFormats, found),
            (int)(asked.Integer("min_disk", 0, int.MaxValue) ?? 0),
            (int)(asked.Integer("min_ram", 0, int.MaxValue) ?? 0),
            ReadTags(asked.Any("tags"), found),
            new SortedDictionary<string, string>(StringComparer.Ordinal),
            Data: null, now, now, Generation: 1);
        var properties = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (body.ValueKind == JsonValueKind.Object)
            ReadProperties(body, asked, properties, found);
        problem = found.Text;
        return problem is null ? image with { Properties = properties } : null;
    }

    public static IReadOnlyList<string> ReadTags(JsonElement? tags, Problem problem)
    {
        if (tags is null or { ValueKind: JsonValueKind.Null })
            return [];
        if (tags.Value.ValueKind == JsonValueKind.Array && tags.Value.EnumerateArray().All(tag => tag.ValueKind == JsonValueKind.String && tag.GetString()!.Length <= 255))
            return [.. tags.Value.EnumerateArray().Select(tag => tag.GetString()!).Distinct(StringComparer.Ordinal)];
        problem.Note("tags", "It is not a list of strings of at most 255 characters.");
        return [];
    }

    private static void ReadProperties(JsonElement body, BodyObject asked, SortedDictionary<string, string> properties, Problem problem)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (ReadOnly.Contains(member.Name))
                problem.Note(member.Name, $"Attribute '{member.Name}' is read-only.");
            else if (!asked.HasRead(member.Name) && member.Value.ValueKind == JsonValueKind.String)
                properties[member.Name] = member.Value.GetString()!;
            else if (!asked.HasRead(member.Name))
                problem.Note(member.Name, "An additional property is a string.");
        }
    }

    private static string? OneOf(BodyObject asked, string name, IReadOnlyList<string> known, Problem problem)
    {
        var value = asked.OptionalText(name);
        if (value is not null && !known.Contains(value))
            problem.Note(name, $"Value: {value}. It is not one of {string.Join(", ", known)}");
        return value;
    }

    private static ImageId ReadId(string text, Problem problem)
    {
        if (!Guid.TryParseExact(text, "D", out var id))
            problem.Note("id", $"Value: {text}. It is not a uuid");
        return new ImageId(id);
    }

    private static ProjectId ReadOwner(string text, ProjectId caller, Problem problem)
    {
        if (Guid.TryParse(text, out var id) && id == caller.Value)
            return caller;
        problem.Note("owner", "An image belongs to the project that makes it.");
        return caller;
    }
}
