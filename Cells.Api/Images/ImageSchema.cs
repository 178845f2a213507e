using System.Text.Json;
using Cells.Api.Http;

namespace Cells.Api.Images;

/// <summary>The JSON schemas that clients read to know an image's members (Glance API v2).</summary>
internal static class ImageSchema
{
    private static readonly (string Name, string Type, bool Nullable)[] Members =
    [
        ("id", "string", false), ("name", "string", true), ("status", "string", false), ("visibility", "string", false), ("protected", "boolean", false),
        ("os_hidden", "boolean", false), ("checksum", "string", true), ("os_hash_algo", "string", true), ("os_hash_value", "string", true),
        ("owner", "string", true), ("size", "integer", true), ("virtual_size", "integer", true), ("container_format", "string", true),
        ("disk_format", "string", true), ("created_at", "string", false), ("updated_at", "string", false), ("tags", "array", false),
        ("min_ram", "integer", false), ("min_disk", "integer", false), ("self", "string", false), ("file", "string", false), ("schema", "string", false),
    ];

    public static ApiResult Image() => ApiResult.Ok(Write);

    public static ApiResult Images() => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WriteString("name", "images");
        w.WriteStartObject("properties");
        w.WriteStartObject("images");
        w.WriteString("type", "array");
        w.WritePropertyName("items");
        Write(w);
        w.WriteEndObject();
        foreach (var link in new[] { "first", "next", "schema" })
        {
            w.WriteStartObject(link);
            w.WriteString("type", "string");
            w.WriteEndObject();
        }
        w.WriteEndObject();
        w.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteString("name", "image");
        w.WriteStartObject("properties");
        foreach (var member in Members)
            WriteMember(w, member);
        w.WriteEndObject();
        w.WriteStartObject("additionalProperties");
        w.WriteString("type", "string");
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteMember(Utf8JsonWriter w, (string Name, string Type, bool Nullable) member)
    {
        w.WriteStartObject(member.Name);
        if (member.Nullable)
        {
            w.WriteStartArray("type");
            w.WriteStringValue("null");
            w.WriteStringValue(member.Type);
            w.WriteEndArray();
        }
        else
        {
            w.WriteString("type", member.Type);
        }
        if (ImageBody.ReadOnly.Contains(member.Name))
            w.WriteBoolean("readOnly", true);
        if (Words(member.Name) is { } words)
        {
            w.WriteStartArray("enum");
            if (member.Nullable)
                w.WriteNullValue();
            foreach (var word in words)
                w.WriteStringValue(word);
            w.WriteEndArray();
        }
        w.WriteEndObject();
    }

    private static IReadOnlyList<string>? Words(string member) => member switch
    {
        "status" => ["queued", "saving", "active"],
        "visibility" => ImageBody.Visibilities,
        "disk_format" => ImageBody.DiskFormats,
        "container_format" => ImageBody.ContainerFormats,
        _ => null,
    };
}
