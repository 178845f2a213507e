using Cells.Contracts;

namespace Cells.Api.Images;

/// <summary>An image's row.</summary>
/// <param name="Properties">What clients add of their own; shown at the top level.</param>
/// <param name="Data">Null until the bytes are there, whole and flushed.</param>
internal sealed record StoredImage(
    ImageId Id,
    ProjectId Owner,
    string? Name,
    string Visibility,
    bool Protected,
    bool Hidden,
    string? DiskFormat,
    string? ContainerFormat,
    int MinDiskGib,
    int MinRamMib,
    IReadOnlyList<string> Tags,
    IReadOnlyDictionary<string, string> Properties,
    ImageData? Data,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    long Generation);

/// <param name="FileName">Below the image directory; never used again for other bytes.</param>
internal sealed record ImageData(string FileName, long SizeBytes, string Md5, string Sha256, string Sha512);
