using System.Runtime.CompilerServices;
using Cells.Compute.XenApi;

namespace Cells.Compute.Pools;

/// <summary>A disk's bytes as its host gives them: neither fewer nor more than its size. Each enumeration asks the host anew.</summary>
internal sealed class ExportedDisk(XapiSession session, XenRef<Vdi> vdi, XenRef<XenTask> task, long length, TimeSpan timeout) : IByteSource
{
    public long Length => length;

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken stop)
    {
        var given = 0L;
        await foreach (var piece in session.ExportRawVdiAsync(vdi, task, timeout, stop))
        {
            given += piece.Length;
            if (given > length)
                throw new XenApiUnreachable($"the host gave more than the {length} bytes that disk {vdi} has");
            yield return piece;
        }
        if (given < length)
            throw new XenApiUnreachable($"the host gave {given} of the {length} bytes that disk {vdi} has");
    }
}
