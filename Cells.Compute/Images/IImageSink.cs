using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Compute.Images;

/// <summary>Where the bytes of a snapshot go. Production: HTTP with a ticket; a stepped world: the home's handler itself.</summary>
public interface IImageSink
{
    /// <summary>Sends all of it, and behind it the SHA-256 of what was sent. Done only when the home has it whole, with that digest.</summary>
    /// <exception cref="ImageSourceException">Not now: the home is away, or takes nothing at this moment.</exception>
    /// <exception cref="XenApiException">The bytes could not be read.</exception>
    Task<ImageSent> SendAsync(ImageTicket ticket, IByteSource bytes, CancellationToken stop);
}

/// <summary>How sending an image ended.</summary>
public abstract record ImageSent
{
    private ImageSent() { }

    /// <summary>The home has its bytes, from here or from an earlier try.</summary>
    public sealed record Stored : ImageSent;

    /// <summary>The home will not have it: it was deleted meanwhile, say.</summary>
    public sealed record Refused(string Why) : ImageSent;

    /// <summary>Tried again later.</summary>
    public sealed record NotNow(string Why) : ImageSent;
}

/// <param name="Parent">Where a ticket is asked for: the neighbour that gave the instance.</param>
/// <param name="Disk">What is read: a snapshot, which nobody writes.</param>
/// <param name="Length">Its virtual size.</param>
internal sealed record SendImage(ImageId Image, CellName Parent, XenRef<Vdi> Disk, long Length, IPoolCalls Pool);
