namespace Cells.XenSim.Core.Objects;

/// <summary>What lies on a virtual disk: never the bytes, only how many and their digest.</summary>
/// <param name="AllocatedBytes">Bytes written to this VHD itself, not to its parents.</param>
/// <param name="ContentLength">Length of the image last imported into the chain, 0 when none was.</param>
/// <param name="Sha256">Digest of that image in lower-case hex, empty when none was.</param>
internal sealed record DiskContent(long AllocatedBytes, long ContentLength, string Sha256)
{
    public static readonly DiskContent Blank = new(0, 0, "");
}
