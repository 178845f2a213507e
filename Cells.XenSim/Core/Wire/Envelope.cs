using System.Text.Json;

namespace Cells.XenSim.Core.Wire;

/// <summary>How a request is wrapped, and so its answer.</summary>
internal enum Protocol { JsonRpc1 = 1, JsonRpc2 = 2, XmlRpc = 3 }

/// <summary>The wrapping of one request; answers repeat its protocol and id.</summary>
/// <param name="Id">JSON-RPC: the id exactly as it came, still JSON. XML-RPC has none.</param>
/// <param name="Params">Positional parameters; an object in JSON-RPC 2.0 counts as one.</param>
internal sealed record Envelope(Protocol Protocol, string Id, string Method, IReadOnlyList<JsonElement> Params)
{
    /// <summary>Reads a JSON-RPC request. Null when it is malformed: the server then answers HTTP 500 and no JSON at all.</summary>
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

        var protocol = Protocol.JsonRpc1;
        if (root.TryGetProperty("jsonrpc", out var version))
        {
            if (version.ValueKind != JsonValueKind.String || !version.ValueEquals("2.0")) return null;
            protocol = Protocol.JsonRpc2;
        }
        if (!root.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String) return null;
        if (!root.TryGetProperty("id", out var id) || !IsId(id)) return null;
        if (!root.TryGetProperty("params", out var parameters)) return null;
        IReadOnlyList<JsonElement>? values = parameters.ValueKind switch
        {
            JsonValueKind.Array => [.. parameters.EnumerateArray()],
            JsonValueKind.Object when protocol == Protocol.JsonRpc2 => [parameters],
            _ => null,
        };
        return values is null ? null : new Envelope(protocol, id.GetRawText(), method.GetString()!, values);
    }

    private static bool IsId(JsonElement id) =>
        id.ValueKind == JsonValueKind.String || (id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out _));
}
