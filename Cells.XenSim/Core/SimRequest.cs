using System.Text;

namespace Cells.XenSim.Core;

/// <summary>Something that arrives at a simulated host.</summary>
/// <param name="Id">The caller's own number of the request; the answer carries it. It must not be reused while the answer is open.</param>
/// <param name="Host">Name of the host it was sent to (see <see cref="HostShape.Name"/>).</param>
public abstract record SimRequest(long Id, string Host);

/// <summary>A JSON-RPC request as POSTed to /jsonrpc, or an XML-RPC one as POSTed to /.</summary>
public sealed record SimCall(long Id, string Host, ReadOnlyMemory<byte> Body, bool IsXml = false) : SimRequest(Id, Host)
{
    public SimCall(long id, string host, string body) : this(id, host, Encoding.UTF8.GetBytes(body)) { }
}

/// <summary>
/// The head of PUT /import_raw_vdi. Its answer comes at once: status 200 asks for the body, which then ends with
/// <see cref="SimPutBody"/> under the same id; any other status ends the transfer.
/// </summary>
/// <param name="Target">Path and query as sent, e.g. /import_raw_vdi?session_id=…&amp;task_id=…&amp;vdi=…&amp;format=raw.</param>
/// <param name="ContentLength">Null when the client did not say.</param>
/// <param name="SessionCookie">Value of the cookie session_id, if one came.</param>
public sealed record SimPutHead(long Id, string Host, string Target, long? ContentLength, string? SessionCookie = null) : SimRequest(Id, Host);

/// <summary>The end of an import's body. The core keeps digest and length; the bytes are kept, if at all, by whoever drives it.</summary>
/// <param name="Sha256">Lower-case hex digest of the bytes that came.</param>
/// <param name="Complete">False when the connection broke before the announced length.</param>
public sealed record SimPutBody(long Id, string Host, long Length, string Sha256, bool Complete) : SimRequest(Id, Host);

/// <summary>
/// GET /export_raw_vdi. Status 200 carries what is to be sent (<see cref="SimAnswer.Export"/>); when all but the last bytes have left, the sender says so with
/// <see cref="SimGetEnd"/> under the same id. Any other status ends it.
/// </summary>
/// <param name="Target">Path and query as sent, e.g. /export_raw_vdi?session_id=…&amp;task_id=…&amp;vdi=…&amp;format=raw.</param>
/// <param name="SessionCookie">Value of the cookie session_id, if one came.</param>
public sealed record SimGetHead(long Id, string Host, string Target, string? SessionCookie = null) : SimRequest(Id, Host);

/// <summary>The end of an export. Its answer is 200 when the last bytes may follow, and lost when the host is not there any more.</summary>
/// <param name="Complete">False when the reader has gone away, or the bytes could not be had.</param>
public sealed record SimGetEnd(long Id, string Host, bool Complete) : SimRequest(Id, Host);
