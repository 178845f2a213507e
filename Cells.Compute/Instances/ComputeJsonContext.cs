using System.Text.Json.Serialization;
using Cells.Contracts.Messages;

namespace Cells.Compute.Instances;

/// <summary>Source-generated JSON of what this cell keeps as JSON and nobody else reads.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Story))]
[JsonSerializable(typeof(Actions))]
[JsonSerializable(typeof(SecondPlace))]
[JsonSerializable(typeof(HostDrain))]
[JsonSerializable(typeof(IReadOnlyList<HostAggregate>))]
internal sealed partial class ComputeJsonContext : JsonSerializerContext;
