using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cells.XenSim.Core.Calls;
using Cells.XenSim.Core.DataModel;

namespace Cells.XenSim.Core.Wire;

/// <summary>Results and failures in the envelope of the request's JSON-RPC version. One per pool: its buffer is reused.</summary>
internal sealed class AnswerWriter
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);

    public byte[] Success(Envelope envelope, XapiType type, object? value) => Write(envelope, writer =>
    {
        writer.WritePropertyName("result"u8);
        ValueWriter.Write(writer, type, value);
        if (!envelope.IsVersion2) writer.WriteNull("error"u8);
    });

    public byte[] Failure(Envelope envelope, XapiFailure failure) => Failure(envelope, failure.Code, failure.Parameters);

    public byte[] Failure(Envelope envelope, string code, IReadOnlyList<string> parameters) => Write(envelope, writer =>
    {
        if (envelope.IsVersion2)
        {
            writer.WriteStartObject("error"u8);
            writer.WriteNumber("code"u8, 1);
            writer.WriteString("message"u8, code);
            writer.WriteStartArray("data"u8);
            foreach (var parameter in parameters) writer.WriteStringValue(parameter);
            writer.WriteEndArray();
            writer.WriteEndObject();
            return;
        }
        writer.WriteNull("result"u8);
        writer.WriteStartArray("error"u8);
        writer.WriteStringValue(code);
        foreach (var parameter in parameters) writer.WriteStringValue(parameter);
        writer.WriteEndArray();
    });

    /// <summary>Version 2.0, id 0 and a plain list, whatever was asked (xapi: api_server.ml).</summary>
    public byte[] Emergency(XapiFailure failure)
    {
        _buffer.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_buffer, Plain))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            writer.WriteStartArray("error"u8);
            writer.WriteStringValue(failure.Code);
            foreach (var parameter in failure.Parameters) writer.WriteStringValue(parameter);
            writer.WriteEndArray();
            writer.WriteNumber("id"u8, 0);
            writer.WriteEndObject();
        }
        return _buffer.WrittenSpan.ToArray();
    }

    private byte[] Write(Envelope envelope, Action<Utf8JsonWriter> body)
    {
        _buffer.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_buffer, Plain))
        {
            writer.WriteStartObject();
            if (envelope.IsVersion2) writer.WriteString("jsonrpc"u8, "2.0"u8);
            body(writer);
            writer.WritePropertyName("id"u8);
            writer.WriteRawValue(envelope.Id, skipInputValidation: true);
            writer.WriteEndObject();
        }
        return _buffer.WrittenSpan.ToArray();
    }
}
