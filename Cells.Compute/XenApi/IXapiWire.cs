namespace Cells.Compute.XenApi;

/// <summary>
/// One endpoint (a host's address) that takes XenAPI requests. Everything above it is the same in production and in a stepped world, where the
/// tasks are completion sources completed by the stepper.
/// </summary>
public interface IXapiWire
{
    HostAddress Address { get; }

    /// <summary>Posts one JSON-RPC request and gives the answer's text.</summary>
    /// <exception cref="XenApiUnreachable">The request surely did not reach the host.</exception>
    /// <exception cref="XenApiUnknownOutcome">It may have reached the host, but no answer came: lost, cut, too late or too large.</exception>
    Task<string> CallAsync(string text, TimeSpan timeout, CancellationToken stop);

    /// <summary>
    /// Sends the body to a path of the host's HTTP handlers (XenAPI, HTTP handlers, such as <c>/import_raw_vdi?…</c>) and follows the host's
    /// redirects (302) to the member that can serve it.
    /// </summary>
    /// <exception cref="XenApiFailure">SESSION_INVALID for an HTTP 401, RBAC_PERMISSION_DENIED for a 403, INTERNAL_ERROR for other refusals.</exception>
    /// <exception cref="XenApiUnreachable">The request surely did not reach the host.</exception>
    /// <exception cref="XenApiUnknownOutcome">The transfer broke off, or its end was not confirmed.</exception>
    Task PutAsync(string pathAndQuery, IByteSource body, TimeSpan timeout, CancellationToken stop);

    /// <summary>
    /// Reads a path of the host's HTTP handlers (such as <c>/export_raw_vdi?…</c>), following redirects likewise. Asked when the first piece is, and anew with
    /// each enumeration. How much there is hosts do not say: whoever reads knows, and counts.
    /// </summary>
    /// <param name="timeout">For the answer, and then for each piece: how long the transfer may stand still. However long it takes, one that goes on is not late.</param>
    /// <remarks>Reading throws as <see cref="PutAsync"/> does; a transfer that breaks off is a <see cref="XenApiUnreachable"/>, for it changes nothing.</remarks>
    IAsyncEnumerable<ReadOnlyMemory<byte>> GetAsync(string pathAndQuery, TimeSpan timeout, CancellationToken stop);
}

public interface IXapiWireFactory
{
    /// <summary>Costs nothing: connections are made by the first call and shared by the wires of one address.</summary>
    IXapiWire Open(HostAddress address);
}
