using System.Text.Json;
using System.Text.Json.Serialization;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>JSON of the columns of the home's tables.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(PlacementHints))]
[JsonSerializable(typeof(IReadOnlyList<ServerAddress>))]
internal sealed partial class NovaJson : JsonSerializerContext
{
    /// <summary>A map of texts as its column holds it; null is the empty one.</summary>
    public static string Text(IReadOnlyDictionary<string, string>? texts) =>
        texts is null ? "{}" : JsonSerializer.Serialize(texts, Default.IReadOnlyDictionaryStringString);
}
