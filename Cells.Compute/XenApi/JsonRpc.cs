using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cells.Compute.XenApi;

/// <summary>JSON-RPC 2.0 as xapi speaks it (XenAPI wire protocol): positional parameters, the session first; failures are data, not HTTP codes.</summary>
internal static class JsonRpc
{
    /// <summary>No XenAPI record nests deeper than a few levels; a hostile answer may.</summary>
    private const int MaxDepth = 32;

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = MaxDepth };
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth };

    public static string Request(string method, string? session, IReadOnlyList<object> arguments, long id)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Writing))
        {
            json.WriteStartObject();
            json.WriteString("jsonrpc", "2.0");
            json.WriteString("method", method);
            json.WriteStartArray("params");
            if (session is not null)
                json.WriteStringValue(session);
            foreach (var argument in arguments)
                Write(json, argument);
            json.WriteEndArray();
            json.WriteNumber("id", id);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Gives the result to <paramref name="read"/>.</summary>
    /// <exception cref="XenApiFailure">The answer is a failure.</exception>
    /// <exception cref="XenAnswerException">The answer is not JSON-RPC, not ours, too deep, or its result is of another type.</exception>
    public static T Answer<T>(string call, string text, long id, Func<XenValue, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Reading);
            var answer = new XenValue(document.RootElement, call);
            if (answer.Member("error") is { Element.ValueKind: not JsonValueKind.Null } error)
                throw Failure(call, error);
            if (answer.Member("id") is not { Element.ValueKind: JsonValueKind.Number } sent || sent.Whole() != id)
                throw new XenAnswerException($"{call}: the answer is not to request {id}");
            return read(new XenValue((answer.Member("result") ?? throw new XenAnswerException($"{call}: neither result nor error in the answer")).Element, call));
        }
        catch (JsonException broken)
        {
            throw new XenAnswerException($"{call}: the answer is not JSON of at most {MaxDepth} levels", broken);
        }
        catch (InvalidOperationException broken)
        {
            // System.Text.Json's word for text that is no valid Unicode once its escapes are resolved.
            throw new XenAnswerException($"{call}: the answer holds text that is not Unicode", broken);
        }
    }

    private static XenApiFailure Failure(string call, XenValue error)
    {
        // 2.0: {code: 1, message: the XenAPI code, data: parameters}. 1.0, and 2.0 in emergency mode: a plain list with the code first.
        if (error.Element.ValueKind == JsonValueKind.Array)
        {
            var all = error.Texts();
            return all.Count > 0 ? FailureOf(call, all[0], [.. all.Skip(1)]) : throw new XenAnswerException($"{call}: an empty list of error words");
        }
        var code = (error.Member("message") ?? throw new XenAnswerException($"{call}: an error without a message")).Text();
        return FailureOf(call, code, error.Member("data") is { Element.ValueKind: JsonValueKind.Array } data ? data.Texts() : []);
    }

    // SESSION_INVALID and HANDLE_INVALID on a session carry its reference, which is a secret.
    private static XenApiFailure FailureOf(string call, string code, IReadOnlyList<string> parameters) =>
        new(call, code, code == "SESSION_INVALID" || (parameters.Count > 0 && parameters[0] == "session") ? [] : parameters);

    private static void Write(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case string text:
                json.WriteStringValue(text);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number:
                // Some releases refuse an integer where they want a float, so there is always a point.
                json.WriteRawValue(number.ToString("0.0###", CultureInfo.InvariantCulture));
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case IXenRef reference:
                json.WriteStringValue(reference.IsNull ? XenRef<object>.NullText : reference.Value);
                break;
            case IReadOnlyList<string> texts:
                json.WriteStartArray();
                foreach (var text in texts)
                    json.WriteStringValue(text);
                json.WriteEndArray();
                break;
            case IReadOnlyDictionary<string, string> map:
                json.WriteStartObject();
                foreach (var (key, text) in map.OrderBy(p => p.Key, StringComparer.Ordinal))
                    json.WriteString(key, text);
                json.WriteEndObject();
                break;
            case IReadOnlyDictionary<string, object> record:
                json.WriteStartObject();
                foreach (var (key, member) in record.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    json.WritePropertyName(key);
                    Write(json, member);
                }
                json.WriteEndObject();
                break;
            default:
                throw new ArgumentException($"A {value.GetType().Name} has no form in the XenAPI.", nameof(value));
        }
    }
}
