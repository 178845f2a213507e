using System.Text.Json.Serialization;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Api.Dispatch;

/// <summary>JSON of the columns of <c>dispatch</c>: the wire's own names and rules.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BuildInstance))]
[JsonSerializable(typeof(InstancePlaced))]
[JsonSerializable(typeof(IReadOnlyList<Trial>))]
[JsonSerializable(typeof(IReadOnlyList<ActOnInstance>))]
[JsonSerializable(typeof(IReadOnlyList<Explanation>))]
internal sealed partial class DispatchJson : JsonSerializerContext;
