using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cells.Api.Images;

[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class PatchJson : JsonSerializerContext;
