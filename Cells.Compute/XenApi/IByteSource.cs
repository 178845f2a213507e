namespace Cells.Compute.XenApi;

/// <summary>Bytes to send, of known length: old hosts take no chunked transfer.</summary>
public interface IByteSource
{
    long Length { get; }

    /// <summary>The bytes in order, from the first, at each enumeration: a redirect or a retry begins again.</summary>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(CancellationToken stop);
}
