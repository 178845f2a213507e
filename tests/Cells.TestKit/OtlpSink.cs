using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cells.TestKit;

/// <summary>A collector on the loopback that keeps what it is sent (OTLP over HTTP, protobuf).</summary>
public sealed class OtlpSink : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<(string Signal, byte[] Body)> _received = new();

    public OtlpSink()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)socket.LocalEndpoint).Port}";
        socket.Stop();
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _ = ListenAsync();
    }

    public string Url { get; }

    /// <summary>Every span so far.</summary>
    public IReadOnlyList<SentSpan> Spans => [.. _received.Where(sent => sent.Signal == "traces").SelectMany(sent => SentSpan.In(sent.Body))];

    /// <summary>Which signals came: traces, metrics, logs.</summary>
    public IReadOnlySet<string> Signals => _received.Select(sent => sent.Signal).ToHashSet();

    /// <summary>Whether a text stands anywhere in what was sent. Strings are plain UTF-8 in protobuf.</summary>
    public bool Holds(string text)
    {
        var wanted = Encoding.UTF8.GetBytes(text);
        return _received.Any(sent => sent.Body.AsSpan().IndexOf(wanted) >= 0);
    }

    public void Dispose() => _listener.Close();

    private async Task ListenAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            _received.Enqueue((context.Request.Url!.Segments[^1], body.ToArray()));
            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
        }
    }
}

/// <summary>What a test asks of a span (opentelemetry/proto/trace/v1).</summary>
/// <param name="Kind">1 internal, 2 server, 3 client, 4 producer, 5 consumer.</param>
public sealed record SentSpan(string Trace, string Id, string Parent, string Name, ulong Kind, IReadOnlyDictionary<string, string> Tags)
{
    public override string ToString() => $"{Name} ({Id} below {Parent})";

    // ExportTraceServiceRequest.resource_spans = 1, ResourceSpans.scope_spans = 2, ScopeSpans.spans = 2.
    internal static IEnumerable<SentSpan> In(byte[] request) =>
        from resource in Protobuf.Messages(request, 1)
        from scope in Protobuf.Messages(resource, 2)
        from span in Protobuf.Messages(scope, 2)
        select Of(span);

    // trace_id = 1, span_id = 2, parent_span_id = 4, name = 5, kind = 6, attributes = 9.
    private static SentSpan Of(byte[] span) => new(
        Hex(span, 1), Hex(span, 2), Hex(span, 4), Encoding.UTF8.GetString(Protobuf.Messages(span, 5).Single()),
        Protobuf.Fields(span).Where(field => field.Number == 6).Select(field => field.Varint).FirstOrDefault(),
        Protobuf.Messages(span, 9).GroupBy(Key).ToDictionary(tag => tag.Key, tag => Value(tag.First())));

    private static string Hex(byte[] span, int field) => Convert.ToHexStringLower(Protobuf.Messages(span, field).FirstOrDefault() ?? []);

    // KeyValue: key = 1, value = 2; AnyValue.string_value = 1.
    private static string Key(byte[] tag) => Encoding.UTF8.GetString(Protobuf.Messages(tag, 1).Single());

    private static string Value(byte[] tag) => Encoding.UTF8.GetString(Protobuf.Messages(tag, 2).SelectMany(value => Protobuf.Messages(value, 1)).FirstOrDefault() ?? []);
}

/// <summary>The wire format of Protocol Buffers, as far as the above needs it.</summary>
internal static class Protobuf
{
    public static IEnumerable<byte[]> Messages(byte[] message, int number) =>
        Fields(message).Where(field => field.Number == number && field.Bytes is not null).Select(field => field.Bytes!);

    public static IReadOnlyList<(int Number, ulong Varint, byte[]? Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, ulong, byte[]?)>();
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    fields.Add(((int)(tag >> 3), Varint(message, ref at), null));
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    fields.Add(((int)(tag >> 3), 0, message[at..(at + length)]));
                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new FormatException($"Field {tag >> 3} has wire type {tag & 7}.");
            }
        }
        return fields;
    }

    private static ulong Varint(byte[] bytes, ref int at)
    {
        var value = 0ul;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
                return value;
        }
    }
}
