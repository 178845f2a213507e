using System.Text.Json;

namespace Cells.Api.Http;

/// <summary>What clients read before they have a token: which versions of each service there are, and where.</summary>
internal sealed class VersionDocuments(HomeOptions options)
{
    private const string NovaUpdated = "2013-07-23T11:33:21Z";

    public IEnumerable<ApiRoute> Routes =>
    [
        Get(ApiService.Root, "/", Services),
        Get(ApiService.Identity, "", () => ApiResult.Json(300, IdentityVersions)),
        Get(ApiService.Identity, "/v3", () => ApiResult.Ok(IdentityV3)),
        Get(ApiService.Image, "", () => ApiResult.Json(300, ImageVersions)),
        Get(ApiService.Image, "/versions", () => ApiResult.Ok(ImageVersions)),
        Get(ApiService.Network, "", () => ApiResult.Ok(NetworkVersions)),
        Get(ApiService.Network, "/v2.0", () => ApiResult.Ok(NetworkV2)),
        Get(ApiService.Compute, "", () => ApiResult.Ok(ComputeVersions)),
        Get(ApiService.Compute, "/v2.1", () => ApiResult.Ok(ComputeV21)),
    ];

    // Not an OpenStack document: it tells a person, or a program that knows nothing, where the services are.
    private ApiResult Services() => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WriteStartObject("services");
        foreach (var (name, service) in new[] { ("identity", ApiService.Identity), ("image", ApiService.Image), ("compute", ApiService.Compute), ("network", ApiService.Network), ("cells", ApiService.Cells) })
            w.WriteString(name, options.BaseUrl + CellsEndpoints.BasePath(service));
        w.WriteEndObject();
        w.WriteEndObject();
    });

    private void IdentityVersions(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteStartObject("versions");
        w.WriteStartArray("values");
        WriteIdentityV3(w);
        w.WriteEndArray();
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private void IdentityV3(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WritePropertyName("version");
        WriteIdentityV3(w);
        w.WriteEndObject();
    }

    private void WriteIdentityV3(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteString("id", "v3.14");
        w.WriteString("status", "stable");
        w.WriteString("updated", "2020-04-07T00:00:00Z");
        WriteLinks(w, $"{options.BaseUrl}/identity/v3/");
        w.WriteStartArray("media-types");
        WriteMediaType(w, "application/vnd.openstack.identity-v3+json");
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private void ImageVersions(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteStartArray("versions");
        // 2.2 is the last minor version whose every route is served.
        foreach (var (id, status) in new[] { ("v2.2", "CURRENT"), ("v2.1", "SUPPORTED"), ("v2.0", "SUPPORTED") })
        {
            w.WriteStartObject();
            w.WriteString("id", id);
            w.WriteString("status", status);
            WriteLinks(w, $"{options.BaseUrl}/image/v2/");
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private void NetworkVersions(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteStartArray("versions");
        w.WriteStartObject();
        w.WriteString("id", "v2.0");
        w.WriteString("status", "CURRENT");
        WriteLinks(w, $"{options.BaseUrl}/network/v2.0/");
        w.WriteEndObject();
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private void NetworkV2(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteStartArray("resources");
        foreach (var (name, collection) in new[] { ("network", "networks"), ("subnet", "subnets"), ("port", "ports") })
        {
            w.WriteStartObject();
            w.WriteString("name", name);
            w.WriteString("collection", collection);
            WriteLinks(w, $"{options.BaseUrl}/network/v2.0/{collection}");
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private void ComputeVersions(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteStartArray("versions");
        WriteComputeV21(w, document: false);
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private void ComputeV21(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WritePropertyName("version");
        WriteComputeV21(w, document: true);
        w.WriteEndObject();
    }

    private void WriteComputeV21(Utf8JsonWriter w, bool document)
    {
        w.WriteStartObject();
        w.WriteString("id", "v2.1");
        w.WriteString("status", "CURRENT");
        w.WriteString("version", Microversion.Maximum.ToString());
        w.WriteString("min_version", Microversion.Minimum.ToString());
        w.WriteString("updated", NovaUpdated);
        w.WriteStartArray("links");
        WriteLink(w, "self", $"{options.BaseUrl}/compute/v2.1/");
        if (document)
            WriteLink(w, "describedby", "http://docs.openstack.org/", "text/html");
        w.WriteEndArray();
        if (document)
        {
            w.WriteStartArray("media-types");
            WriteMediaType(w, "application/vnd.openstack.compute+json;version=2.1");
            w.WriteEndArray();
        }
        w.WriteEndObject();
    }

    private static void WriteMediaType(Utf8JsonWriter w, string type)
    {
        w.WriteStartObject();
        w.WriteString("base", "application/json");
        w.WriteString("type", type);
        w.WriteEndObject();
    }

    private static void WriteLinks(Utf8JsonWriter w, string self)
    {
        w.WriteStartArray("links");
        WriteLink(w, "self", self);
        w.WriteEndArray();
    }

    private static void WriteLink(Utf8JsonWriter w, string rel, string href, string? type = null)
    {
        w.WriteStartObject();
        w.WriteString("rel", rel);
        if (type is not null)
            w.WriteString("type", type);
        w.WriteString("href", href);
        w.WriteEndObject();
    }

    private static ApiRoute Get(ApiService service, string pattern, Func<ApiResult> document) =>
        ApiRoute.Get(service, pattern, Access.Anyone, (_, _) => Task.FromResult(document()));
}
