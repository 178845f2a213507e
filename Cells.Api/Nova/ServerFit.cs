using Cells.Api.Http;
using Cells.Api.Images;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>Whether an image can boot on a flavor (nova/compute/api.py, checks of a create). Pure.</summary>
internal static class ServerFit
{
    public static ApiResult? Refusal(RequestContext caller, Flavor flavor, StoredImage? image, ImageId asked)
    {
        if (image is null || !(caller.IsAdmin || image.Owner == caller.Project || image.Visibility is "public" or "community"))
            return ApiResult.BadRequest($"Image {asked} could not be found, or is not active.");
        if (image.DiskFormat != "raw")
            return ApiResult.BadRequest($"Image {image.Id} is unacceptable: its disk_format is {image.DiskFormat}, and this cloud boots raw images only.");
        if (flavor.DiskGib == 0)
            return ApiResult.Forbidden("Only volume-backed servers are allowed for flavors with zero disk.");
        if (flavor.MemoryMib < image.MinRamMib)
            return ApiResult.BadRequest("Flavor's memory is too small for requested image.");
        var needed = Math.Max(image.Data!.SizeBytes, image.MinDiskGib * Units.Gib);
        return flavor.DiskBytes < needed
            ? ApiResult.BadRequest($"Flavor's disk is too small for requested image. Flavor disk is {flavor.DiskBytes} bytes, image is {needed} bytes.")
            : null;
    }
}
