using System.Security.Cryptography;
using Cells.Api.Http;
using Cells.Contracts;
using Cells.Messaging.Storage;

namespace Cells.Api.Images;

/// <summary>Bytes that a compute cell brings, of a server's disk.</summary>
internal sealed partial class GlanceImages
{
    /// <summary>
    /// The bytes, and behind them their SHA-256, as the cell read them from the disk: the image is active with that digest or not at all. 204 also when it has
    /// them already, whoever brought them; 404 when nobody wants it any more.
    /// </summary>
    public async Task<ApiResult> ReceiveSnapshotAsync(ImageId id, Stream content, CancellationToken stop)
    {
        if (await store.FindAsync(id, stop) is not { } image || await snapshots.FindAsync(id, stop) is not { } snapshot)
            return NoSuchImage(id.ToString());
        if (image.Data is not null)
            return ApiResult.Empty(204);
        using var bytes = new TrailedStream(content, SHA256.HashSizeInBytes);
        var answer = await TakeAsync(
            image, bytes,
            data => Convert.ToHexStringLower(bytes.Trailer.Span) == data.Sha256
                ? null
                : ApiResult.BadRequest($"The {data.SizeBytes} bytes of image {id} have the SHA-256 {data.Sha256}, not the one that came behind them."),
            stop);
        if (answer.Status == 409 && await store.FindAsync(id, stop) is null)
            return NoSuchImage(id.ToString());
        if (answer.Status == 204 && snapshot.Keep is { } keep)
            await RotateAsync(image, snapshot.Instance, keep, stop);
        return answer;
    }

    /// <summary>Older backups go (Nova, createBackup). Those that a crash leaves, or that are protected now, the next backup of the type meets again.</summary>
    private async Task RotateAsync(StoredImage newest, InstanceId instance, int keep, CancellationToken stop)
    {
        foreach (var (image, file) in (await snapshots.BackupsAsync(instance, newest.Properties["backup_type"], stop)).Skip(keep))
        {
            if (await committer.CommitAsync(new Change(new DeleteImage(image))) is not CommitOutcome.Committed)
                continue;
            store.Forget(image);
            files.Delete(file);
        }
    }
}
