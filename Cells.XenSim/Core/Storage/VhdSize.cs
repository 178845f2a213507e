using Cells.XenSim.Core.Calls;

namespace Cells.XenSim.Core.Storage;

/// <summary>Sizes of VHD files (sm vhdutil): disks are whole 2 MiB blocks, and even an empty one has metadata.</summary>
internal static class VhdSize
{
    private const long Block = 2L << 20;
    private const long Sector = 512;
    private const long Page = 4096;
    private const long Largest = 2040L << 30;

    /// <exception cref="XapiFailure">SR_BACKEND_FAILURE_79: below zero or above what a VHD can hold.</exception>
    public static long Virtual(long requested)
    {
        if (requested is < 0 or > Largest)
            throw new XapiFailure("SR_BACKEND_FAILURE_79", "", $"VDI Invalid size [opterr=size must be between 1 MB and {Largest >> 20} MB]", "");
        return Math.Max(Block, RoundUp(requested, Block));
    }

    /// <summary>The file's size when so many bytes of data were written to it.</summary>
    public static long OnDisk(long virtualSize, long allocated)
    {
        var blocks = virtualSize / Block;
        var metadata = (3 * 1024) + RoundUp(blocks * 4, Sector) + RoundUp((blocks + 7) / 8, Page);
        return metadata + (allocated / Block * (Block + Sector));
    }

    /// <summary>Writing allocates whole blocks.</summary>
    public static long Allocated(long bytes) => RoundUp(bytes, Block);

    private static long RoundUp(long value, long unit) => (value + unit - 1) / unit * unit;
}
