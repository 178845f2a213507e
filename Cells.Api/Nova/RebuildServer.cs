using System.Net.Sockets;
using System.Text.Json;
using Cells.Api.Http;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>What the action rebuild asks for (Nova API 2.1); what is null stays as it is.</summary>
/// <param name="Metadata">All that the server has from then on.</param>
/// <param name="SetsDescription">Whether the body has a description, null included; from 2.19.</param>
/// <param name="SetsKey">Whether the body has a key_name, null included; from 2.54.</param>
public sealed record RebuildServer(
    ImageId Image, string? Name, IReadOnlyDictionary<string, string>? Metadata, bool SetsDescription, string? Description, bool SetsKey, string? KeyName,
    string? DiskConfig, string? AccessIpV4, string? AccessIpV6)
{
    internal static AskedAction Read(JsonElement value, Microversion version, Problem problem)
    {
        var body = new BodyObject(value, "rebuild", problem);
        var (describes, keys) = (version.Has(19) && body.Has("description"), version.Has(54) && body.Has("key_name"));
        var asked = new RebuildServer(
            ReadImage(body, "imageRef", body.Text("imageRef", maximum: 2_048)),
            body.Has("name") ? CreateServer.ReadName(body) : null,
            MetadataItems.Read(body, "metadata"),
            describes,
            describes ? body.OptionalText("description") : null,
            keys,
            keys ? body.OptionalText("key_name", minimum: 1) : null,
            body.Has("OS-DCF:diskConfig") ? CreateServer.ReadDiskConfig(body) : null,
            CreateServer.ReadAddress(body, "accessIPv4", AddressFamily.InterNetwork),
            CreateServer.ReadAddress(body, "accessIPv6", AddressFamily.InterNetworkV6));
        var password = body.OptionalText("adminPass");
        ReadAbsent(body, version);
        body.Close();
        return new AskedAction(InstanceAction.Rebuild) { Rebuild = asked, AdminPass = password };
    }

    /// <summary>An id, or a URL that ends in one.</summary>
    internal static ImageId ReadImage(BodyObject body, string name, string text)
    {
        if (Guid.TryParseExact(text.TrimEnd('/')[(text.TrimEnd('/').LastIndexOf('/') + 1)..], "D", out var id))
            return new ImageId(id);
        body.Problem.Note($"rebuild.{name}", $"Value: {text}. It is not the id of an image");
        return default;
    }

    // As at create: allowed where it asks for nothing, and refused, by name, where it asks for something.
    private static void ReadAbsent(BodyObject body, Microversion version)
    {
        if (body.Boolean("preserve_ephemeral") == true)
            body.Problem.Note("rebuild.preserve_ephemeral", "This cloud has no ephemeral disks.");
        if (!version.Has(57) && body.Array("personality") is { Count: > 0 })
            body.Problem.Note("rebuild.personality", "This cloud cannot put files into a server's disk.");
        if (version.Has(57) && !string.IsNullOrEmpty(body.OptionalText("user_data", maximum: 65_535)))
            body.Problem.Note("rebuild.user_data", "This cloud has no metadata service that would give it to the server.");
        if (version.Has(63) && body.Array("trusted_image_certificates") is { Count: > 0 })
            body.Problem.Note("rebuild.trusted_image_certificates", "This cloud checks images by their digest and by no certificates.");
    }
}
