using System.Security.Cryptography;
using Cells.Compute.Images;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Chaos.Stepping;

/// <summary>The bytes of the one image, which is also all that disks hold: always the same, of an odd length, at hand without any wait.</summary>
internal sealed class SteppedImages : IImageSource, IImageSink
{
    private static readonly byte[] s_bytes = Make();

    public static ImageSpec Image { get; } = new(
        new ImageId(Guid.Parse("6f2a3f0e-5a0c-4d0b-9a31-1d5a6a0c7e01")), s_bytes.Length, Convert.ToHexStringLower(SHA256.HashData(s_bytes)), "raw");

    public Task<IByteSource> OpenAsync(ImageSpec image, ImageTicket ticket, CancellationToken stop) => image.Id == Image.Id
        ? Task.FromResult<IByteSource>(new Bytes())
        : Task.FromException<IByteSource>(new ImageSourceException($"There is no image {image.Id} in this world."));

    /// <summary>The first bytes of a disk that holds the image with that digest, or nothing, and zeros behind it.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(string sha256, long contentLength, long count)
    {
        var held = BytesOf(sha256, contentLength);
        yield return held.AsMemory(0, (int)Math.Min(held.Length, count));
        var zeros = new byte[1 << 20];
        for (var left = count - held.Length; left > 0; left -= zeros.Length)
            yield return zeros.AsMemory(0, (int)Math.Min(left, zeros.Length));
    }

    /// <summary>The last byte of such a disk.</summary>
    public static ReadOnlyMemory<byte> LastOf(string sha256, long contentLength, long length) =>
        BytesOf(sha256, contentLength) is var held && held.Length >= length ? held.AsMemory((int)length - 1, 1) : new byte[1];

    private static byte[] BytesOf(string sha256, long contentLength) => sha256 switch
    {
        "" => [],
        _ when sha256 == Image.Sha256 && contentLength == s_bytes.Length => s_bytes,
        _ => throw new InvalidOperationException($"A disk of this world holds {contentLength} bytes with the digest {sha256}, which nobody here has made."),
    };

    /// <summary>No client of this world makes images of servers yet: whoever sends one all the same is told that nobody takes it.</summary>
    public Task<ImageSent> SendAsync(ImageTicket ticket, IByteSource bytes, CancellationToken stop) =>
        Task.FromException<ImageSent>(new ImageSourceException($"Image {ticket.Image} has no home in this world."));

    private static byte[] Make()
    {
        var bytes = new byte[(64 * 1024) + 13];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private sealed class Bytes : IByteSource
    {
        public long Length => s_bytes.Length;

#pragma warning disable CS1998 // there is nothing to wait for
        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
#pragma warning restore CS1998
        {
            stop.ThrowIfCancellationRequested();
            yield return s_bytes;
        }
    }
}
