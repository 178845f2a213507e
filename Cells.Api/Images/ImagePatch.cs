using System.Text.Json;
using Cells.Api.Http;

namespace Cells.Api.Images;

/// <summary>A JSON patch of an image (Glance v2.1: add, replace, remove, each on one top-level member). Pure.</summary>
internal static class ImagePatch
{
    public static (StoredImage? Changed, ApiResult? Refusal) Apply(StoredImage image, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Array)
            return (null, ApiResult.BadRequest("Request body must be a JSON array of operation objects."));
        foreach (var operation in patch.EnumerateArray())
        {
            var (changed, refusal) = One(image, operation);
            if (changed is null)
                return (null, refusal);
            image = changed;
        }
        return (image, null);
    }

    private static (StoredImage? Changed, ApiResult? Refusal) One(StoredImage image, JsonElement operation)
    {
        if (operation.ValueKind != JsonValueKind.Object)
            return (null, ApiResult.BadRequest("Operations must be JSON objects."));
        var op = Text(operation, "op");
        if (op is not ("add" or "replace" or "remove"))
            return (null, ApiResult.BadRequest($"Operations must be add, replace or remove, not '{op}'."));
        if (Text(operation, "path") is not ['/', .. { Length: > 0 } path] || path.Contains('/'))
            return (null, ApiResult.BadRequest($"Invalid JSON pointer for this resource: '{Text(operation, "path")}'."));
        var name = path.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        if (ImageBody.ReadOnly.Contains(name) || name is "id" or "owner")
            return (null, ApiResult.Forbidden($"Attribute '{name}' is read-only."));
        if (op == "remove")
            return Remove(image, name);
        return operation.TryGetProperty("value", out var value)
            ? Set(image, name, value, op)
            : (null, ApiResult.BadRequest($"Operation \"{op}\" requires a member named \"value\"."));
    }

    private static (StoredImage?, ApiResult?) Set(StoredImage image, string name, JsonElement value, string op)
    {
        var problem = new Problem();
        // Read as a member of the image's own description, so that the same rules hold as at its creation.
        var body = new BodyObject(JsonSerializer.SerializeToElement(new Dictionary<string, JsonElement> { [name] = value }, PatchJson.Default.DictionaryStringJsonElement), "", problem);
        StoredImage? changed = name switch
        {
            "name" => image with { Name = body.OptionalText("name") },
            "visibility" => image with { Visibility = OneOf(body, "visibility", ImageBody.Visibilities, problem) ?? image.Visibility },
            "protected" => image with { Protected = body.Boolean("protected") ?? image.Protected },
            "os_hidden" => image with { Hidden = body.Boolean("os_hidden") ?? image.Hidden },
            "min_disk" => image with { MinDiskGib = (int)(body.Integer("min_disk", 0, int.MaxValue) ?? 0) },
            "min_ram" => image with { MinRamMib = (int)(body.Integer("min_ram", 0, int.MaxValue) ?? 0) },
            "tags" => image with { Tags = ImageBody.ReadTags(value, problem) },
            "disk_format" or "container_format" when image.Data is not null => null,
            "disk_format" => image with { DiskFormat = OneOf(body, "disk_format", ImageBody.DiskFormats, problem) },
            "container_format" => image with { ContainerFormat = OneOf(body, "container_format", ImageBody.ContainerFormats, problem) },
            _ => image,
        };
        if (changed is null)
            return (null, ApiResult.Forbidden($"Attribute {name} can be only replaced for a queued image."));
        if (ReferenceEquals(changed, image))
            return SetProperty(image, name, value, op);
        return problem.Text is { } wrong ? (null, ApiResult.BadRequest(wrong)) : (changed, null);
    }

    private static (StoredImage?, ApiResult?) SetProperty(StoredImage image, string name, JsonElement value, string op)
    {
        if (op == "replace" && !image.Properties.ContainsKey(name))
            return (null, ApiResult.Conflict($"Property {name} does not exist."));
        if (value.ValueKind != JsonValueKind.String || name.Length > 255)
            return (null, ApiResult.BadRequest($"Property {name}: a property is a string, and its name has at most 255 characters."));
        return (image with { Properties = With(image.Properties, name, value.GetString()!) }, null);
    }

    private static (StoredImage?, ApiResult?) Remove(StoredImage image, string name)
    {
        if (name is "name" or "visibility" or "protected" or "os_hidden" or "min_disk" or "min_ram" or "tags" or "disk_format" or "container_format")
            return (null, ApiResult.Forbidden($"Property {name} may not be removed."));
        return image.Properties.ContainsKey(name)
            ? (image with { Properties = With(image.Properties, name, null) }, null)
            : (null, ApiResult.Conflict($"Property {name} does not exist."));
    }

    private static SortedDictionary<string, string> With(IReadOnlyDictionary<string, string> properties, string name, string? value)
    {
        var changed = new SortedDictionary<string, string>(properties.ToDictionary(), StringComparer.Ordinal);
        if (value is null)
            changed.Remove(name);
        else
            changed[name] = value;
        return changed;
    }

    private static string? OneOf(BodyObject body, string name, IReadOnlyList<string> known, Problem problem)
    {
        var value = body.OptionalText(name);
        if (value is not null && !known.Contains(value))
            problem.Note(name, $"Value: {value}. It is not one of {string.Join(", ", known)}");
        return value;
    }

    private static string? Text(JsonElement operation, string name) =>
        operation.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
