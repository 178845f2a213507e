using System.Security.Cryptography;

namespace Cells.Contracts;

/// <summary>Production ids: 122 random bits, shaped as a version 4 uuid (RFC 9562).</summary>
public sealed class SystemIds : IIdSource
{
    public Guid NewGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        Fill(bytes);
        return SeededIds.Version4(bytes);
    }

    public void Fill(Span<byte> bytes) => RandomNumberGenerator.Fill(bytes);
}
