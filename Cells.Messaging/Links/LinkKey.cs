using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Cells.Messaging.Links;

/// <summary>The key of one link and direction: 32 secret bytes. Never printed; <see cref="Id"/> names it in frames.</summary>
public sealed class LinkKey
{
    public const int SecretBytes = 32;

    private readonly byte[] _secret;

    /// <exception cref="ArgumentException">Not exactly 32 bytes.</exception>
    public LinkKey(ReadOnlySpan<byte> secret)
    {
        if (secret.Length != SecretBytes)
            throw new ArgumentException($"A link key has {SecretBytes} bytes, this one has {secret.Length}.", nameof(secret));
        _secret = secret.ToArray();
        Id = BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(secret));
    }

    /// <summary>The first four bytes of the secret's SHA-256: tells keys apart and gives nothing away.</summary>
    public uint Id { get; }

    internal void Sign(ReadOnlySpan<byte> bytes, Span<byte> signature) => HMACSHA256.HashData(_secret, bytes, signature);

    internal bool Verifies(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature)
    {
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Sign(bytes, expected);
        return CryptographicOperations.FixedTimeEquals(expected, signature);
    }

    public override string ToString() => $"link key {Id:x8}";
}
