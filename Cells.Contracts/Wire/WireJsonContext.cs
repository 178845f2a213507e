using System.Text.Json.Serialization;
using Cells.Contracts.Messages;

namespace Cells.Contracts.Wire;

/// <summary>Source-generated JSON of everything that travels or is stored as JSON. snake_case, nulls left out, unknown members ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BuildInstance))]
[JsonSerializable(typeof(InstancePlaced))]
[JsonSerializable(typeof(PlacementFailed))]
[JsonSerializable(typeof(DeleteInstance))]
[JsonSerializable(typeof(InstanceDeleted))]
[JsonSerializable(typeof(ActOnInstance))]
[JsonSerializable(typeof(InstanceActed))]
[JsonSerializable(typeof(AskInstance))]
[JsonSerializable(typeof(InstanceTold))]
[JsonSerializable(typeof(AskCell))]
[JsonSerializable(typeof(CellTold))]
[JsonSerializable(typeof(RequestImageTicket))]
[JsonSerializable(typeof(ImageTicket))]
[JsonSerializable(typeof(ConfigureHost))]
[JsonSerializable(typeof(CellNews))]
[JsonSerializable(typeof(InstanceRow))]
[JsonSerializable(typeof(HostRow))]
[JsonSerializable(typeof(FenceWord))]
[JsonSerializable(typeof(PoolRow))]
[JsonSerializable(typeof(DriftRow))]
[JsonSerializable(typeof(Explanation))]
[JsonSerializable(typeof(IReadOnlyList<Explanation>))]
[JsonSerializable(typeof(IReadOnlyList<Refusal>))]
public sealed partial class WireJsonContext : JsonSerializerContext;
