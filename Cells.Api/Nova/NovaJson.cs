using System.Text.Json.Serialization;
using Cells.Contracts.Messages;

namespace Cells.Api.Nova;

/// <summary>JSON of the columns of the home's tables.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(PlacementHints))]
internal sealed partial class NovaJson : JsonSerializerContext;
