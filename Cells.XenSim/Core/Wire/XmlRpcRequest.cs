using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;

namespace Cells.XenSim.Core.Wire;

/// <summary>
/// Reads an XML-RPC request. Its values become those of the JSON protocol, which have the same types but one: an int may come as digits in plain text, and
/// that both protocols accept.
/// </summary>
internal static class XmlRpcRequest
{
    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true };

    /// <summary>Null when it is malformed: the server then answers HTTP 500.</summary>
    public static Envelope? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(body.ToArray()), Settings);
            var call = XDocument.Load(reader).Root;
            if (call?.Name != "methodCall" || call.Element("methodName")?.Value is not { } method) return null;
            var parameters = call.Element("params")?.Elements("param").Select(p => Value(p.Element("value"))).ToArray() ?? [];
            return new Envelope(Protocol.XmlRpc, "", method, [.. parameters.Select(p => JsonSerializer.SerializeToElement(p))]);
        }
        catch (Exception malformed) when (malformed is XmlException or FormatException)
        {
            return null;   // the caller answers as a host does
        }
    }

    private static JsonNode? Value(XElement? value)
    {
        if (value is null) throw new FormatException("a parameter without a value");
        if (value.Elements().FirstOrDefault() is not { } typed) return value.Value;   // text without a tag is a string
        return typed.Name.LocalName switch
        {
            "string" or "dateTime.iso8601" or "base64" => typed.Value,
            "int" or "i4" or "i8" => long.Parse(typed.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            "boolean" => typed.Value.Trim() switch { "1" => true, "0" => false, var other => throw new FormatException($"'{other}' is no boolean") },
            "double" => double.Parse(typed.Value, NumberStyles.Float, CultureInfo.InvariantCulture) is var real && double.IsFinite(real) ? real : typed.Value,
            "nil" => null,
            "array" => new JsonArray([.. (typed.Element("data") ?? throw new FormatException("an array without data")).Elements("value").Select(Value)]),
            "struct" => new JsonObject(typed.Elements("member").Select(m =>
                KeyValuePair.Create(m.Element("name")?.Value ?? throw new FormatException("a member without a name"), Value(m.Element("value"))))),
            var other => throw new FormatException($"'{other}' is no XML-RPC type"),
        };
    }
}
