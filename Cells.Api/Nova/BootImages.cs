using Cells.Api.Http;
using Cells.Api.Images;
using Cells.Api.Quotas;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>The image that a rebuild or a rescue is to boot from, looked up and judged by the server's flavor, in Nova's words.</summary>
internal sealed class BootImages(ImageStore images, KeypairStore keypairs, QuotaStore quotas)
{
    /// <summary>Both null for an action that needs no image.</summary>
    public async Task<(ImageSpec? Image, ApiResult? Refusal)> ForAsync(RequestContext caller, InstanceIntent server, AskedAction asked, CancellationToken stop)
    {
        if (asked.Rebuild is { } rebuild)
        {
            if (rebuild.KeyName is { } key && await keypairs.FindAsync(server.User, key, stop) is null)
                return (null, ApiResult.BadRequest("Invalid key_name provided."));
            var limit = (await quotas.StandingAsync(server.Project, stop))?.Limits.MetadataItems ?? QuotaLimits.Default.MetadataItems;
            if (limit >= 0 && rebuild.Metadata?.Count > limit)
                return (null, ApiResult.Forbidden($"Maximum number of metadata items exceeds {limit}"));
        }
        if ((asked.Rebuild?.Image ?? asked.RescueImage) is not { } id)
            return (null, null);
        var image = await images.FindActiveAsync(id, stop);
        if (ServerFit.Refusal(caller, server.Flavor, image, id) is { } unfit)
            return (null, unfit);
        return (new ImageSpec(image!.Id, image.Data!.SizeBytes, image.Data.Sha256, image.DiskFormat!), null);
    }
}
