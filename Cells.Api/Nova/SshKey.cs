using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Cells.Api.Nova;

/// <summary>SSH public keys (RFC 4253, section 6.6): the form of authorized_keys, and the MD5 fingerprint that Nova shows.</summary>
internal sealed record SshKey(string PublicKey, string Fingerprint)
{
    private const int Bits = 2_048;   // as Nova makes them

    private static readonly HashSet<string> Types = new(StringComparer.Ordinal)
    {
        "ssh-rsa", "ssh-ed25519", "ssh-dss", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    };

    /// <summary>Null for a text that is no public key: type, base64 of a blob of that type, and maybe a comment.</summary>
    public static SshKey? Parse(string text)
    {
        if (text.Trim().Split(' ', 3, StringSplitOptions.RemoveEmptyEntries) is not [var type, var base64, ..] || !Types.Contains(type))
            return null;
        var blob = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, blob, out var length) || length < 8)
            return null;
        var named = BinaryPrimitives.ReadUInt32BigEndian(blob);
        return named <= length - 4 && Encoding.ASCII.GetString(blob, 4, (int)named) == type
            ? new SshKey(text.Trim(), FingerprintOf(blob.AsSpan(0, length)))
            : null;
    }

    /// <summary>A new RSA key: its private half in PEM, as <c>ssh -i</c> takes it. It is kept nowhere.</summary>
    public static (SshKey Public, string PrivatePem) Make()
    {
        using var rsa = RSA.Create(Bits);
        var parameters = rsa.ExportParameters(includePrivateParameters: false);
        using var blob = new MemoryStream();
        WriteString(blob, "ssh-rsa"u8);
        WriteInteger(blob, parameters.Exponent!);
        WriteInteger(blob, parameters.Modulus!);
        var bytes = blob.ToArray();
        return (new SshKey($"ssh-rsa {Convert.ToBase64String(bytes)} Generated-by-Nova", FingerprintOf(bytes)), rsa.ExportRSAPrivateKeyPem() + "\n");
    }

    // MD5 names the key here, as every client expects; nothing is trusted by it.
#pragma warning disable CA5351
    private static string FingerprintOf(ReadOnlySpan<byte> blob) =>
        string.Join(':', MD5.HashData(blob).Select(b => b.ToString("x2")));
#pragma warning restore CA5351

    private static void WriteString(Stream blob, ReadOnlySpan<byte> value)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, value.Length);
        blob.Write(length);
        blob.Write(value);
    }

    // mpint: a leading zero keeps a number with its highest bit set from being negative.
    private static void WriteInteger(Stream blob, byte[] value) => WriteString(blob, value[0] >= 0x80 ? [0, .. value] : value);
}
