using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cells.Contracts.Wire;

public sealed class CellNameConverter : JsonConverter<CellName>
{
    public override CellName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        CellName.TryParse(reader.GetString(), out var name) ? name : throw new JsonException("not a cell name");

    public override void Write(Utf8JsonWriter writer, CellName value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
