using System.Text.Json.Serialization;
using Cells.Contracts.Messages;

namespace Cells.Api.Fleet;

/// <summary>JSON of the columns of <c>host_setting</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<HostAggregate>))]
internal sealed partial class FleetJson : JsonSerializerContext;
