using System.Text.Json;

namespace Cells.XenSim.Core.Wire;

/// <summary>The JSON-RPC wrapping of one request; answers repeat its version and id.</summary>
/// <param name="Id">The id exactly as it came, still JSON.</param>
/// <param name="Params">Positional parameters; an object in version 2.0 counts as one.</param>
internal sealed record Envelope(bool IsVersion2, string Id, string Method, IReadOnlyList<JsonElement> Params)
{
    /// <summary>Reads a request. Null when it is malformed: the server then answers HTTP 500 and no JSON at all.</summary>
    public static Envelope? Read(ReadOnlyMemory<byte> body)
    {
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(body);
            root = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;   // the caller answers as a host does
        }
        if (root.ValueKind != JsonValueKind.Object) return null;

        var isVersion2 = false;
        if (root.TryGetProperty("jsonrpc", out var version))
        {
            if (version.ValueKind != JsonValueKind.String || !version.ValueEquals("2.0")) return null;
            isVersion2 = true;
        }
        if (!root.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String) return null;
        if (!root.TryGetProperty("id", out var id) || !IsId(id)) return null;
        if (!root.TryGetProperty("params", out var parameters)) return null;
        IReadOnlyList<JsonElement>? values = parameters.ValueKind switch
        {
            JsonValueKind.Array => [.. parameters.EnumerateArray()],
            JsonValueKind.Object when isVersion2 => [parameters],
            _ => null,
        };
        return values is null ? null : new Envelope(isVersion2, id.GetRawText(), method.GetString()!, values);
    }

    private static bool IsId(JsonElement id) =>
        id.ValueKind == JsonValueKind.String || (id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out _));
}
