using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Images;

/// <summary>Where an image's bytes come from. Production: HTTP with a ticket; a stepped world: bytes made from a seed.</summary>
public interface IImageSource
{
    /// <summary>The raw bytes, of exactly the image's length. The caller checks their digest.</summary>
    /// <remarks>Reading throws <see cref="ImageSourceException"/> when they cannot be had now.</remarks>
    Task<IByteSource> OpenAsync(ImageSpec image, ImageTicket ticket, CancellationToken stop);
}

/// <summary>The bytes cannot be had now: the source is away, the ticket ran out, or the answer is not the image.</summary>
public sealed class ImageSourceException : Exception
{
    public ImageSourceException(string message) : base(message) { }
    public ImageSourceException(string message, Exception cause) : base(message, cause) { }
}
