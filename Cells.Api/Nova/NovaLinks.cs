using System.Text.Json;

namespace Cells.Api.Nova;

/// <summary>Nova's links: self has the version in its path, bookmark has not.</summary>
internal static class NovaLinks
{
    public static string Self(string baseUrl, string path) => $"{baseUrl}/compute/v2.1/{path}";

    public static string Bookmark(string baseUrl, string path) => $"{baseUrl}/compute/{path}";

    public static void WriteBoth(Utf8JsonWriter w, string baseUrl, string path)
    {
        w.WriteStartArray("links");
        Write(w, "self", Self(baseUrl, path));
        Write(w, "bookmark", Bookmark(baseUrl, path));
        w.WriteEndArray();
    }

    /// <summary>A thing that is only pointed at: its id and a bookmark.</summary>
    public static void WriteReference(Utf8JsonWriter w, string name, string id, string bookmark)
    {
        w.WriteStartObject(name);
        w.WriteString("id", id);
        w.WriteStartArray("links");
        Write(w, "bookmark", bookmark);
        w.WriteEndArray();
        w.WriteEndObject();
    }

    /// <summary>The link to the next page of a list; nothing when there is none.</summary>
    /// <param name="marker">Of the page that is shown; null for the last one.</param>
    public static void WriteNext(Utf8JsonWriter w, string name, string baseUrl, string path, Http.Query query, string? marker)
    {
        if (marker is not null)
            WriteNext(w, name, Self(baseUrl, $"{path}?{query.With("marker", marker)}"));
    }

    public static void WriteNext(Utf8JsonWriter w, string name, string href)
    {
        w.WriteStartArray(name);
        Write(w, "next", href);
        w.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter w, string rel, string href)
    {
        w.WriteStartObject();
        w.WriteString("rel", rel);
        w.WriteString("href", href);
        w.WriteEndObject();
    }
}
