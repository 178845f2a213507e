using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Wire;

/// <summary>Results and failures in the envelope of the request's protocol. One per pool: its buffers are reused.</summary>
internal sealed class AnswerWriter
{
    private const int KeptCharacters = 1 << 16;
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly StringBuilder _xml = new();

    public SimAnswer Success(long requestId, Envelope envelope, XapiType type, object? value) => envelope.Protocol == Protocol.XmlRpc
        ? Xml(requestId, writer =>
        {
            // Alone among all calls this one's answer is bare (xapi: api_server.ml).
            if (envelope.Method == "system.listMethods")
            {
                ValueWriter.Write(writer, type, value);
                return;
            }
            writer.BeginStruct();
            writer.Member("Status");
            writer.Text("Success");
            writer.Member("Value");
            ValueWriter.Write(writer, type, value);
            writer.EndStruct();
        })
        : Json(requestId, envelope, writer =>
        {
            writer.WritePropertyName("result"u8);
            ValueWriter.Write(new JsonWireWriter(writer), type, value);
            if (envelope.Protocol == Protocol.JsonRpc1) writer.WriteNull("error"u8);
        });

    public SimAnswer Failure(long requestId, Envelope envelope, XapiFailure failure) => envelope.Protocol switch
    {
        Protocol.XmlRpc => Failure(requestId, failure),
        Protocol.JsonRpc2 => Json(requestId, envelope, writer =>
        {
            writer.WriteStartObject("error"u8);
            writer.WriteNumber("code"u8, 1);
            writer.WriteString("message"u8, failure.Code);
            writer.WritePropertyName("data"u8);
            Words(writer, failure.Parameters);
            writer.WriteEndObject();
        }),
        _ => Json(requestId, envelope, writer =>
        {
            writer.WriteNull("result"u8);
            writer.WritePropertyName("error"u8);
            Words(writer, [failure.Code, .. failure.Parameters]);
        }),
    };

    /// <summary>A host in emergency mode: in JSON version 2.0, id 0 and a plain list, whatever was asked (xapi: api_server.ml).</summary>
    public SimAnswer Emergency(long requestId, Envelope envelope, XapiFailure failure) => envelope.Protocol == Protocol.XmlRpc
        ? Failure(requestId, failure)
        : Json(requestId, envelope with { Protocol = Protocol.JsonRpc2, Id = "0" }, writer =>
        {
            writer.WritePropertyName("error"u8);
            Words(writer, [failure.Code, .. failure.Parameters]);
        });

    private SimAnswer Failure(long requestId, XapiFailure failure) => Xml(requestId, writer =>
    {
        writer.BeginStruct();
        writer.Member("Status");
        writer.Text("Failure");
        writer.Member("ErrorDescription");
        writer.BeginArray();
        writer.Text(failure.Code);
        foreach (var parameter in failure.Parameters) writer.Text(parameter);
        writer.EndArray();
        writer.EndStruct();
    });

    private static void Words(Utf8JsonWriter writer, IReadOnlyList<string> words)
    {
        writer.WriteStartArray();
        foreach (var word in words) writer.WriteStringValue(word);
        writer.WriteEndArray();
    }

    private SimAnswer Xml(long requestId, Action<XmlWireWriter> body)
    {
        _xml.Clear().Append("<?xml version=\"1.0\"?><methodResponse><params><param>");
        body(new XmlWireWriter(_xml));
        _xml.Append("</param></params></methodResponse>");
        var answer = SimAnswer.Xml(requestId, Encoding.UTF8.GetBytes(_xml.ToString()));
        if (_xml.Capacity > KeptCharacters) _xml.Clear().Capacity = KeptCharacters;
        return answer;
    }

    private SimAnswer Json(long requestId, Envelope envelope, Action<Utf8JsonWriter> body)
    {
        _buffer.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_buffer, Plain))
        {
            writer.WriteStartObject();
            if (envelope.Protocol == Protocol.JsonRpc2) writer.WriteString("jsonrpc"u8, "2.0"u8);
            body(writer);
            writer.WritePropertyName("id"u8);
            writer.WriteRawValue(envelope.Id, skipInputValidation: true);
            writer.WriteEndObject();
        }
        return SimAnswer.Json(requestId, _buffer.WrittenSpan.ToArray());
    }
}
