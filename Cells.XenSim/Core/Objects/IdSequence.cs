using System.Buffers.Binary;

namespace Cells.XenSim.Core.Objects;

/// <summary>
/// Every ref, uuid and MAC of a pool: the n-th id is a function of (seed, n), so a run repeats exactly and a journal
/// needs to keep only the counter.
/// </summary>
internal sealed class IdSequence(ulong seed, ulong used = 0)
{
    public ulong Used { get; private set; } = used;

    public string NextUuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Next());
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Next());
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }

    public string NextRef() => "OpaqueRef:" + NextUuid();

    /// <summary>A locally administered unicast address.</summary>
    public string NextMac()
    {
        var bits = Next();
        return string.Create(null, stackalloc char[32],
            $"{(byte)(bits & 0xfc) | 0x02:x2}:{(byte)(bits >> 8):x2}:{(byte)(bits >> 16):x2}:{(byte)(bits >> 24):x2}:{(byte)(bits >> 32):x2}:{(byte)(bits >> 40):x2}");
    }

    /// <summary>SplitMix64 (public domain algorithm): one multiplication chain per value, good enough for names.</summary>
    private ulong Next()
    {
        var z = seed + unchecked(++Used * 0x9e3779b97f4a7c15UL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
        return z ^ (z >> 31);
    }
}
