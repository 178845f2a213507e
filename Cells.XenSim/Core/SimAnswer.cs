using System.Text;

namespace Cells.XenSim.Core;

/// <summary>The answer to one request.</summary>
/// <param name="Status">HTTP status, or 0 when the connection ends without one (power loss, toolstack restart, a fault).</param>
/// <param name="TaskId">An import's task, sent as the header task-id.</param>
/// <param name="MovedTo">With status 302: name of the member whose same path can serve the request.</param>
public sealed record SimAnswer(long RequestId, int Status, string ContentType, ReadOnlyMemory<byte> Body, string? TaskId = null, string? MovedTo = null)
{
    /// <summary>The caller sees its connection break.</summary>
    public bool ConnectionLost => Status == 0;

    public string Text => Encoding.UTF8.GetString(Body.Span);

    // Exactly these types: with a charset suffix real clients take them for something else.
    internal static SimAnswer Xml(long id, byte[] body) => new(id, 200, "text/xml", body);

    internal static SimAnswer Json(long id, byte[] body) => new(id, 200, "application/json", body);

    internal static SimAnswer Lost(long id) => new(id, 0, "", ReadOnlyMemory<byte>.Empty);

    internal static SimAnswer Html(long id, int status, string title) => new(id, status, "text/html",
        Encoding.UTF8.GetBytes($"<html><body><h1>HTTP {status} {title}</h1></body></html>"));
}
