using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cells.Contracts.Wire;

/// <summary>Writes a typed id as the uuid's text, so that the wire does not know of our types. Works as a dictionary key too.</summary>
public sealed class GuidIdConverter<TId> : JsonConverter<TId> where TId : struct, IGuidId<TId>
{
    public override TId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TId.From(reader.GetGuid());

    public override void Write(Utf8JsonWriter writer, TId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);

    public override TId ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TId.From(Guid.ParseExact(reader.GetString()!, "D"));

    public override void WriteAsPropertyName(Utf8JsonWriter writer, TId value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.Value.ToString("D"));
}
