using Cells.Api.Http;

namespace Cells.Api.Nova;

/// <summary>A map of metadata in a body: keys and values of at most 255 characters, keys of few.</summary>
internal static class MetadataItems
{
    /// <summary>Null when it is not there.</summary>
    public static IReadOnlyDictionary<string, string>? Read(BodyObject of, string name)
    {
        var items = of.Strings(name);
        if (items?.Keys.FirstOrDefault(key => !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or ':' or '.' or ' ')) is { } odd)
            of.Problem.Note(name, $"The key '{odd}' may have letters, digits, '-', '_', ':', '.' and spaces.");
        return items;
    }
}
