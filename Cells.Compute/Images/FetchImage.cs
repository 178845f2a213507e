using Cells.Compute.Pools;
using Cells.Compute.Workflows;
using Cells.Compute.XenApi;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Storage;

namespace Cells.Compute.Images;

/// <summary>
/// Brings one image to one SR: a disk that its row names before the bytes come, the bytes with their digest, then the mark that makes it a source of
/// clones. A fetch that did not come to its end is begun anew, and removes what the former one left.
/// </summary>
internal sealed class FetchImage(EnsureImage request, IImageSource source, ICommitter committer, TimeProvider time)
{
    // A large image over a slow way; the build's own deadline is shown long before.
    private static readonly TimeSpan Transfer = TimeSpan.FromHours(2);

    private readonly ImageSpec _image = request.Image;

    /// <summary>What the image's row says by now; null while it was not written. A fetch that fails leaves the next one to remove the disk it names.</summary>
    public CachedImage? Written { get; private set; }

    public async Task<ImageAnswer> RunAsync(ImageTicket ticket, CachedImage? known, CancellationToken stop)
    {
        XenRef<Vdi>? made = null;
        try
        {
            if (await PutAsync(known?.Vdi, CachedImageState.Fetching) is { } notNow)
                return notNow;
            await RemoveUnfinishedAsync(known, stop);

            var disk = await request.Pool.CallAsync(Vdi.Create(new NewVdi(
                Marks.NameOf(_image.Id), $"Cached image {_image.Id}", request.SrRef, RoundedUp(_image.SizeBytes),
                new SortedDictionary<string, string>(StringComparer.Ordinal) { [Marks.Image] = _image.Id.ToString() })), stop);
            made = disk;
            var uuid = (await request.Pool.CallAsync(Vdi.GetRecord(disk), stop)).Uuid;
            if (await PutAsync(uuid, CachedImageState.Fetching) is { } notNamed)
                return await GiveUpAsync(disk, notNamed, stop);

            var bytes = new CheckedSource(await source.OpenAsync(_image, ticket, stop), _image);
            await ImportAsync(disk, bytes, stop);
            if (!bytes.IsWhole)
                return await GiveUpAsync(disk, new ImageAnswer.Refused($"the bytes of image {_image.Id} do not have the SHA-256 {_image.Sha256} that it was ordered with", Everywhere: true), stop);

            await request.Pool.CallAsync(Vdi.AddToOtherConfig(disk, Marks.Self, uuid.ToString("D")), stop);
            return await PutAsync(uuid, CachedImageState.Ready) is { } notKept ? notKept : new ImageAnswer.Ready(uuid);
        }
        catch (Exception error) when (error is XenApiException or ImageSourceException)
        {
            // A host's plain no (no space, say) is one; a disk that vanished under us is not.
            ImageAnswer answer = error is XenApiFailure { Kind: FailureKind.Refuse, Code: not ("HANDLE_INVALID" or "UUID_INVALID") }
                ? new ImageAnswer.Refused(error.Message, Everywhere: false)
                : new ImageAnswer.Failed(error.Message);
            return made is { } disk ? await GiveUpAsync(disk, answer, stop) : answer;
        }
    }

    private async Task ImportAsync(XenRef<Vdi> disk, CheckedSource bytes, CancellationToken stop)
    {
        try
        {
            await request.Pool.ImportRawVdiAsync(disk, bytes, Transfer, stop);
        }
        catch (XenApiException) when (bytes.Broke is not null)
        {
            throw bytes.Broke;                                    // the transfer only tells that it broke; this tells why
        }
    }

    /// <summary>Disks of this image on this SR that never got their last mark. The row, committed before, is the right to remove them.</summary>
    private async Task RemoveUnfinishedAsync(CachedImage? known, CancellationToken stop)
    {
        var named = await request.Pool.CallAsync(Vdi.GetAllRecordsWhere(XenWhere.FieldIs("name__label", Marks.NameOf(_image.Id))), stop);
        foreach (var (disk, record) in named.OrderBy(d => d.Value.Uuid))
            if (record.Sr == request.SrRef && record.Managed && !record.IsASnapshot && IsUnfinished(record, known))
                await DestroyAsync(disk, stop);
    }

    private bool IsUnfinished(Vdi disk, CachedImage? known) =>
        disk.OtherConfig.TryGetValue(Marks.Image, out var image) && image == _image.Id.ToString()
        && (!disk.OtherConfig.TryGetValue(Marks.Self, out var self) || (self == disk.Uuid.ToString("D") && known?.Vdi == disk.Uuid));

    private async Task<ImageAnswer> GiveUpAsync(XenRef<Vdi> disk, ImageAnswer answer, CancellationToken stop)
    {
        try
        {
            await DestroyAsync(disk, stop);
        }
        catch (XenApiException left)
        {
            return answer is ImageAnswer.Refused ? answer : new ImageAnswer.Failed($"{answer.Reason}; its disk is removed by the next fetch ({left.Message})");
        }
        return answer;
    }

    private async Task DestroyAsync(XenRef<Vdi> disk, CancellationToken stop)
    {
        try
        {
            await request.Pool.CallAsync(Vdi.Destroy(disk), stop);
        }
        catch (XenApiFailure gone) when (gone.Code == "HANDLE_INVALID")
        {
            // What was wanted.
        }
    }

    private async Task<ImageAnswer.Failed?> PutAsync(Guid? vdi, CachedImageState state)
    {
        var row = new CachedImage(_image.Id, request.Sr, request.Owner.Pool, vdi, state, _image.Sha256);
        switch (await committer.CommitAsync(new Change(new PutCachedImage(row, request.Owner, time.GetUtcNow()))))
        {
            case CommitOutcome.Committed:
                Written = row;
                return null;
            case CommitOutcome.Missed:
                return new ImageAnswer.Failed($"pool {request.Owner.Pool} has another owner now");
            case CommitOutcome.Unavailable away:
                return new ImageAnswer.Failed(away.Reason);
            case var other:
                throw new InvalidOperationException($"no such outcome: {other}");
        }
    }

    /// <summary>To whole 2 MiB, VHD storage's own step; the rest of a new disk reads as zeros.</summary>
    internal static long RoundedUp(long bytes) => Math.Max(1, (bytes + (2 * Units.Mib) - 1) / (2 * Units.Mib)) * 2 * Units.Mib;
}
