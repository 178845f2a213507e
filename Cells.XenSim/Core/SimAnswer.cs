using System.Text;

namespace Cells.XenSim.Core;

/// <summary>The answer to one request.</summary>
/// <param name="Status">HTTP status, or 0 when the connection ends without one (power loss, toolstack restart, a fault).</param>
/// <param name="TaskId">An import's task, sent as the header task-id.</param>
/// <param name="MovedTo">With status 302: name of the member whose same path can serve the request.</param>
public sealed record SimAnswer(long RequestId, int Status, string ContentType, ReadOnlyMemory<byte> Body, string? TaskId = null, string? MovedTo = null)
{
    /// <summary>With status 200 to an export: what is to be sent; null for every other answer.</summary>
    public SimExport? Export { get; init; }

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

/// <summary>What a disk reads as: the bytes that were imported into its chain, and zeros up to its size.</summary>
/// <param name="Uuid">Of the VDI.</param>
/// <param name="Sha256">Of the bytes that were imported; empty when none were.</param>
/// <param name="ContentLength">Of the bytes that were imported.</param>
/// <param name="Length">The disk's virtual size.</param>
public sealed record SimExport(string Uuid, string Sha256, long ContentLength, long Length);
