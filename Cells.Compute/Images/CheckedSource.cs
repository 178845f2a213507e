using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Images;

/// <summary>
/// An image's bytes on their way to an SR, hashed as they pass. Each enumeration begins again, as a redirected transfer does. What the source throws is
/// kept: the transfer that fails because of it tells of the transfer only.
/// </summary>
internal sealed class CheckedSource(IByteSource source, ImageSpec image) : IByteSource
{
    private string? _found;

    public long Length => image.SizeBytes;

    /// <summary>Why the source broke off; null when it did not.</summary>
    public ImageSourceException? Broke { get; private set; }

    /// <summary>True once the last enumeration came to its end with the image's length and digest.</summary>
    public bool IsWhole => _found == image.Sha256;

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken stop)
    {
        (_found, Broke) = (null, null);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var total = 0L;
        await using var pieces = source.ReadAsync(stop).GetAsyncEnumerator(stop);
        while (await NextAsync(pieces))
        {
            total += pieces.Current.Length;
            if (total > image.SizeBytes)
                throw Broke = new ImageSourceException($"Image {image.Id} brings more than its {image.SizeBytes} bytes.");
            hash.AppendData(pieces.Current.Span);
            yield return pieces.Current;
        }
        if (total < image.SizeBytes)
            throw Broke = new ImageSourceException($"Image {image.Id} ended after {total} of its {image.SizeBytes} bytes.");
        _found = Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<ReadOnlyMemory<byte>> pieces)
    {
        try
        {
            return await pieces.MoveNextAsync();
        }
        catch (ImageSourceException broke)
        {
            Broke = broke;
            throw;
        }
    }
}
