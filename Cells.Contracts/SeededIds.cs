namespace Cells.Contracts;

/// <summary>Ids drawn from a seed: the same seed gives the same ids. For stepped worlds and tests only: they can be foreseen.</summary>
public sealed class SeededIds(Random random) : IIdSource
{
    public Guid NewGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return Version4(bytes);
    }

    public void Fill(Span<byte> bytes) => random.NextBytes(bytes);

    internal static Guid Version4(Span<byte> bytes)
    {
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
