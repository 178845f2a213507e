using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Images;

/// <summary>The cell's cached images, and the way to images' homes, as workflow steps ask for them.</summary>
internal interface IImageCache
{
    /// <summary>Completes once the image is on the SR, or surely cannot be had. One fetch per image and SR, however many ask.</summary>
    Task<ImageAnswer> EnsureAsync(EnsureImage request, CancellationToken stop);

    /// <summary>The SR does not have this disk any more: the next asker fetches again.</summary>
    void Forget(ImageId image, SrId sr, Guid vdi);

    /// <summary>Brings a disk's bytes to the home of the image that is made of it. Asks for leave each time, and waits for that only a little.</summary>
    /// <exception cref="XenApiException">The host does not give the bytes.</exception>
    Task<ImageSent> SendAsync(SendImage request, CancellationToken stop);
}

/// <param name="Parent">Where a ticket is asked for: the neighbour that gave the build.</param>
/// <param name="Pool">The asker's session; the first asker's does the fetch.</param>
internal sealed record EnsureImage(ImageSpec Image, SrId Sr, XenRef<Sr> SrRef, CellName Parent, PoolOwner Owner, IPoolCalls Pool);

internal abstract record ImageAnswer
{
    private ImageAnswer() { }

    /// <summary>Why it is not there; empty when it is.</summary>
    public virtual string Reason => "";

    /// <param name="Vdi">Its uuid on the SR; it is cloned, never used itself.</param>
    public sealed record Ready(Guid Vdi) : ImageAnswer;

    /// <summary>It will not be had here.</summary>
    /// <param name="Everywhere">Nor on another SR: its home refuses it, or its bytes are not what they were said to be.</param>
    public sealed record Refused(string Why, bool Everywhere) : ImageAnswer
    {
        public override string Reason => Why;
    }

    /// <summary>Not this time: asked again later.</summary>
    public sealed record Failed(string Why) : ImageAnswer
    {
        public override string Reason => Why;
    }
}
