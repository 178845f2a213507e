using Cells.Compute.Images;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;

namespace Cells.Host.Bench;

/// <summary>
/// Image bytes that never come: every build waits at its first step, so that a placement is measured and no hypervisor works. The hosts are there and
/// say that they live; nothing else of the product knows.
/// </summary>
internal sealed class WithheldImages : IImageSource
{
    public Task<IByteSource> OpenAsync(ImageSpec image, ImageTicket ticket, CancellationToken stop)
    {
        var never = new TaskCompletionSource<IByteSource>(TaskCreationOptions.RunContinuationsAsynchronously);
        stop.Register(() => never.TrySetCanceled(stop));
        return never.Task;
    }
}
