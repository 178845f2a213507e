using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Cells.Chaos;

/// <summary>Sources of chance of one seed, one for each purpose: more draws for one purpose shift no other's.</summary>
internal static class Seeds
{
    public static Random Random(int seed, string purpose) => new(BinaryPrimitives.ReadInt32LittleEndian(Hash(seed, purpose)));

    public static ulong Number(int seed, string purpose) => BinaryPrimitives.ReadUInt64LittleEndian(Hash(seed, purpose));

    public static Guid Id(int seed, string purpose) => new(Hash(seed, purpose).AsSpan(0, 16));

    private static byte[] Hash(int seed, string purpose) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed} {purpose}")));
}
