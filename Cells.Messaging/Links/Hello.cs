using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cells.Messaging.Links;

/// <summary>
/// What a cell says of itself before anything else travels, and again after each change of it. JSON, unknown members ignored: it must be
/// readable by every version. One incarnation covers both lanes of a direction, because a database that lost its past lost both.
/// </summary>
/// <param name="MinVersion">Lowest protocol version that the sender speaks, <paramref name="MaxVersion"/> the highest.</param>
/// <param name="Echo">The receiver's session as last seen by the sender, 0 for none. Only a hello that echoes our own session is proved fresh.</param>
/// <param name="Adopted">The receiver's session that the sender has proved and listens to, 0 for none.</param>
/// <param name="Agreed">The sender is ready in both directions.</param>
/// <param name="Past">The sender's PostgreSQL system identifier and timeline: another one means that its past may have changed.</param>
/// <param name="OutIncarnation">Of the direction that the sender numbers.</param>
/// <param name="WorkGiven">Last work number given in it; <paramref name="StateGiven"/> is the sender's change counter.</param>
/// <param name="InIncarnation">Of the direction that the sender receives, 0 before the first.</param>
/// <param name="WorkWatermark">Committed in it, and <paramref name="StateWatermark"/> likewise.</param>
/// <param name="WantsNewerThan">The receiver must begin an incarnation above this one before anything of it is applied; 0 when all is well.</param>
internal sealed record Hello(
    int MinVersion,
    int MaxVersion,
    ulong Session,
    ulong Echo,
    ulong Adopted,
    bool Agreed,
    string Past,
    long OutIncarnation,
    long WorkGiven,
    long StateGiven,
    long InIncarnation,
    long WorkWatermark,
    long StateWatermark,
    long WantsNewerThan)
{
    public ReadOnlyMemory<byte> ToBody() => JsonSerializer.SerializeToUtf8Bytes(this, HelloJsonContext.Default.Hello);

    /// <exception cref="InvalidDataException">The body is no hello.</exception>
    public static Hello Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, HelloJsonContext.Default.Hello) ?? throw new InvalidDataException("A hello is null.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException("A hello is not the JSON that it should be.", error);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Hello))]
internal sealed partial class HelloJsonContext : JsonSerializerContext;
