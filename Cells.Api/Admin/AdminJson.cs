using System.Text.Json.Serialization;
using Cells.Api.Admin.Events;
using Cells.Api.Explaining;

namespace Cells.Api.Admin;

/// <summary>JSON of the admin API: snake_case, nulls written, so that a reader sees every key.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CellList))]
[JsonSerializable(typeof(HostList))]
[JsonSerializable(typeof(PoolList))]
[JsonSerializable(typeof(LinkList))]
[JsonSerializable(typeof(AdminServerList))]
[JsonSerializable(typeof(TaskList))]
[JsonSerializable(typeof(DriftList))]
[JsonSerializable(typeof(ParkedList))]
[JsonSerializable(typeof(CellsEvent))]
[JsonSerializable(typeof(StreamLost))]
[JsonSerializable(typeof(CellHealth))]
[JsonSerializable(typeof(Story))]
internal sealed partial class AdminJson : JsonSerializerContext;
