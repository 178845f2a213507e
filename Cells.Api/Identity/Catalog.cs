using System.Text.Json;
using Cells.Api.Http;

namespace Cells.Api.Identity;

/// <summary>
/// Where each service is: all under one listener. There is no volume service: a client that needs one is told so by its absence, instead of by
/// errors.
/// </summary>
internal sealed class Catalog(HomeOptions options)
{
    private static readonly (string Type, string Name, string Path)[] Services =
    [
        ("identity", "keystone", "/identity"),
        ("image", "glance", "/image"),
        ("compute", "nova", "/compute/v2.1"),
        ("network", "neutron", "/network"),
        ("cells", "cells", "/cells/v1"),
    ];

    public void Write(Utf8JsonWriter w)
    {
        w.WriteStartArray();
        foreach (var (type, name, path) in Services)
        {
            w.WriteStartObject();
            w.WriteString("id", StableId(type));
            w.WriteString("type", type);
            w.WriteString("name", name);
            w.WriteStartArray("endpoints");
            foreach (var side in new[] { "public", "internal", "admin" })
            {
                w.WriteStartObject();
                w.WriteString("id", StableId($"{type}/{side}"));
                w.WriteString("interface", side);
                w.WriteString("region", options.Region);
                w.WriteString("region_id", options.Region);
                w.WriteString("url", options.BaseUrl + path);
                w.WriteEndObject();
            }
            w.WriteEndArray();
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    public ApiResult Show() => ApiResult.Ok(w =>
    {
        w.WriteStartObject();
        w.WritePropertyName("catalog");
        Write(w);
        w.WriteStartObject("links");
        w.WriteString("self", $"{options.BaseUrl}/identity/v3/auth/catalog");
        w.WriteEndObject();
        w.WriteEndObject();
    });

    // The same in every answer and on every node, without a table.
    private static string StableId(string name) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes("cells catalog " + name)))[..32];
}
