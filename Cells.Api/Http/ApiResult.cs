using System.Buffers;
using System.Text.Json;

namespace Cells.Api.Http;

/// <summary>What a handler answers, free of HTTP: status, body, headers. A refusal has a message; its body is made in the service's own form.</summary>
public sealed record ApiResult
{
    private static readonly JsonWriterOptions Plain = new() { SkipValidation = true };

    private ApiResult(int status) => Status = status;

    public int Status { get; }

    /// <summary>JSON, or empty.</summary>
    public ReadOnlyMemory<byte> Body { get; private init; }

    /// <summary>Why not, for people; set exactly when the request was refused.</summary>
    public string? Message { get; private init; }

    /// <summary>A file to be sent in place of a body.</summary>
    public FileContent? File { get; private init; }

    /// <summary>A body that is written while it comes to be.</summary>
    public StreamedContent? Stream { get; private init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; private init; } = [];

    public bool IsRefusal => Message is not null;

    public static ApiResult Empty(int status) => new(status);

    public static ApiResult Json(int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Plain))
            write(writer);
        return new ApiResult(status) { Body = buffer.WrittenMemory };
    }

    public static ApiResult Ok(Action<Utf8JsonWriter> write) => Json(200, write);
    public static ApiResult Send(FileContent file) => new(200) { File = file };

    /// <param name="write">Given the body, a token for when the door closes, and one for when the reader is gone.</param>
    public static ApiResult Streaming(string mediaType, Func<Stream, CancellationToken, CancellationToken, Task> write) =>
        new(200) { Stream = new StreamedContent(mediaType, write) };

    public static ApiResult Refuse(int status, string message) => new(status) { Message = message };
    public static ApiResult BadRequest(string message) => Refuse(400, message);
    public static ApiResult Unauthorized() => Refuse(401, "The request you have made requires authentication.");
    public static ApiResult Forbidden(string message) => Refuse(403, message);
    public static ApiResult NotFound(string message) => Refuse(404, message);
    public static ApiResult Conflict(string message) => Refuse(409, message);

    /// <summary>503 with Retry-After: nothing was done, and the same request may succeed later.</summary>
    public static ApiResult Unavailable(string message, TimeSpan retryAfter) =>
        Refuse(503, message).With("Retry-After", Math.Max(1, (long)Math.Ceiling(retryAfter.TotalSeconds)).ToString());

    public ApiResult With(string header, string value) => this with { Headers = [.. Headers, new(header, value)] };
}

/// <param name="Path">Absolute path of a file that does not change any more.</param>
public sealed record FileContent(string Path, string MediaType);

/// <param name="WriteAsync">Writes and flushes until there is no more to say.</param>
public sealed record StreamedContent(string MediaType, Func<Stream, CancellationToken, CancellationToken, Task> WriteAsync);
