using System.Text.Json;
using Cells.Api.Http;

namespace Cells.Api.Images;

/// <summary>How an image is shown (Glance API v2).</summary>
internal static class ImageView
{
    public static void Write(Utf8JsonWriter w, StoredImage image, string status)
    {
        w.WriteStartObject();
        w.WriteString("id", image.Id.Value);
        w.WriteString("name", image.Name);
        w.WriteString("status", status);
        w.WriteString("visibility", image.Visibility);
        w.WriteBoolean("protected", image.Protected);
        w.WriteString("owner", image.Owner.ToString());
        WriteNumber(w, "size", image.Data?.SizeBytes);
        // The size a server's disk needs at least: for a raw image, that of its bytes.
        WriteNumber(w, "virtual_size", image.DiskFormat == "raw" ? image.Data?.SizeBytes : null);
        w.WriteNumber("min_disk", image.MinDiskGib);
        w.WriteNumber("min_ram", image.MinRamMib);
        w.WriteString("disk_format", image.DiskFormat);
        w.WriteString("container_format", image.ContainerFormat);
        w.WriteString("checksum", image.Data?.Md5);
        w.WriteString("os_hash_algo", image.Data is null ? null : "sha512");
        w.WriteString("os_hash_value", image.Data?.Sha512);
        w.WriteBoolean("os_hidden", image.Hidden);
        w.WriteStartArray("tags");
        foreach (var tag in image.Tags)
            w.WriteStringValue(tag);
        w.WriteEndArray();
        w.WriteString("created_at", GlanceTime(image.CreatedAt));
        w.WriteString("updated_at", GlanceTime(image.UpdatedAt));
        foreach (var (name, value) in image.Properties)
            w.WriteString(name, value);
        w.WriteString("self", $"/v2/images/{image.Id}");
        w.WriteString("file", $"/v2/images/{image.Id}/file");
        w.WriteString("schema", "/v2/schemas/image");
        w.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter w, IEnumerable<(StoredImage Image, string Status)> images, Query query, string? next)
    {
        w.WriteStartObject();
        w.WriteStartArray("images");
        foreach (var (image, status) in images)
            Write(w, image, status);
        w.WriteEndArray();
        var first = string.Join('&', query.Items.Where(item => item.Key != "marker")
            .Select(item => $"{Uri.EscapeDataString(item.Key)}={Uri.EscapeDataString(item.Value)}"));
        w.WriteString("first", first.Length == 0 ? "/v2/images" : $"/v2/images?{first}");
        if (next is not null)
            w.WriteString("next", next);
        w.WriteString("schema", "/v2/schemas/images");
        w.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter w, string name, long? value)
    {
        if (value is { } number)
            w.WriteNumber(name, number);
        else
            w.WriteNull(name);
    }

    private static string GlanceTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}
