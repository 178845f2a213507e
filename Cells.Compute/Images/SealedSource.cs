using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Cells.Compute.XenApi;

namespace Cells.Compute.Images;

/// <summary>
/// Bytes followed by their SHA-256, so that whoever takes them can tell that they are whole, though they can be read only once. What the source throws is
/// kept: the transfer that fails because of it tells of the transfer only.
/// </summary>
public sealed class SealedSource(IByteSource bytes) : IByteSource
{
    private ExceptionDispatchInfo? _broke;

    public long Length => bytes.Length + SHA256.HashSizeInBytes;

    /// <summary>Throws what the source broke off with, if it did.</summary>
    public void ThrowIfBroken() => _broke?.Throw();

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken stop)
    {
        _broke = null;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var pieces = bytes.ReadAsync(stop).GetAsyncEnumerator(stop);
        while (await NextAsync(pieces))
        {
            hash.AppendData(pieces.Current.Span);
            yield return pieces.Current;
        }
        yield return hash.GetHashAndReset();
    }

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<ReadOnlyMemory<byte>> pieces)
    {
        try
        {
            return await pieces.MoveNextAsync();
        }
        catch (XenApiException broke)
        {
            _broke = ExceptionDispatchInfo.Capture(broke);
            throw;
        }
    }
}
