using System.Text.Json;

namespace Cells.IntegrationTests.Api;

/// <summary>An HTTP answer, read whole.</summary>
internal sealed record Answer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Bytes)
{
    public JsonElement Json => JsonDocument.Parse(Bytes).RootElement;

    public string? Header(string name) => Headers.GetValueOrDefault(name.ToLowerInvariant());

    /// <summary>The text of a refusal, whichever service's form it has.</summary>
    public string Message => Json.EnumerateObject().Single().Value.GetProperty("message").GetString()!;

    /// <summary>Nova's name of the refusal.</summary>
    public string FaultName => Json.EnumerateObject().Single().Name;

    public override string ToString() => $"{Status} {System.Text.Encoding.UTF8.GetString(Bytes)}";
}
