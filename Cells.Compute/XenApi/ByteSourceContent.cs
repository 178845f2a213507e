using System.Net;

namespace Cells.Compute.XenApi;

/// <summary>A body that is read from a source while it is sent, and anew after a redirect.</summary>
internal sealed class ByteSourceContent(IByteSource source, CancellationToken stop) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await foreach (var chunk in source.ReadAsync(stop))
            await stream.WriteAsync(chunk, stop);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = source.Length;
        return true;
    }
}
