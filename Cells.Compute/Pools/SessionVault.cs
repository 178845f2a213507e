using System.Security.Cryptography;
using System.Text;
using Cells.Compute.XenApi;
using Cells.Contracts;

namespace Cells.Compute.Pools;

/// <summary>
/// Seals session references for the database: whoever has one of these is the pool's administrator, so a dump of the database must not yield them.
/// AES-256-GCM, bound to the pool and the record; the key lies in a file outside the database directory.
/// </summary>
public sealed class SessionVault
{
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly byte[] _key;
    private readonly IIdSource _ids;

    /// <param name="ids">Gives the nonces.</param>
    /// <exception cref="ArgumentException">The key has not 32 bytes.</exception>
    public SessionVault(ReadOnlySpan<byte> key, IIdSource ids)
    {
        if (key.Length != KeyBytes)
            throw new ArgumentException($"A vault's key has {KeyBytes} bytes, not {key.Length}.", nameof(key));
        (_key, _ids) = (key.ToArray(), ids);
    }

    /// <summary>Takes the key from a file of 32 bytes; makes the file, for its owner's eyes only, when there is none.</summary>
    /// <exception cref="CellsException">The file holds something else.</exception>
    public static SessionVault FromFile(string path, IIdSource ids)
    {
        if (!File.Exists(path))
            Make(path, ids);
        var key = File.ReadAllBytes(path);
        return key.Length == KeyBytes
            ? new SessionVault(key, ids)
            : throw new CellsException(
                $"{path} should hold the {KeyBytes} bytes that seal hypervisor sessions, but holds {key.Length}. Restore it, or remove it to have a new one made; sessions sealed with the old key then have to be ended on the pools.");
    }

    /// <summary>A key for another purpose: whoever has the vault's key has it too, and it tells nothing of that one (HKDF, RFC 5869).</summary>
    internal byte[] Derive(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, KeyBytes, info: Encoding.UTF8.GetBytes(purpose));

    internal byte[] Seal(XenRef<Session> session, PoolId pool, Guid record)
    {
        var text = Encoding.UTF8.GetBytes(session.Value);
        var box = new byte[NonceBytes + TagBytes + text.Length];
        _ids.Fill(Nonce(box));
        using var aes = new AesGcm(_key, TagBytes);
        aes.Encrypt(Nonce(box), text, Cipher(box), Tag(box), Binding(pool, record));
        return box;
    }

    /// <returns>Null when it was sealed with another key, for another record, or damaged.</returns>
    internal XenRef<Session>? Open(byte[] box, PoolId pool, Guid record)
    {
        if (box.Length < NonceBytes + TagBytes)
            return null;
        var text = new byte[Cipher(box).Length];
        using var aes = new AesGcm(_key, TagBytes);
        try
        {
            aes.Decrypt(Nonce(box), Cipher(box), Tag(box), text, Binding(pool, record));
            return new XenRef<Session>(Encoding.UTF8.GetString(text));
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static Span<byte> Nonce(byte[] box) => box.AsSpan(0, NonceBytes);

    private static Span<byte> Tag(byte[] box) => box.AsSpan(NonceBytes, TagBytes);

    private static Span<byte> Cipher(byte[] box) => box.AsSpan(NonceBytes + TagBytes);

    // Bound to its row: a box moved to another row or pool does not open.
    private static byte[] Binding(PoolId pool, Guid record) => [.. pool.Value.ToByteArray(bigEndian: true), .. record.ToByteArray(bigEndian: true)];

    private static void Make(string path, IIdSource ids)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        ids.Fill(key);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
        file.Write(key);
        file.Flush(flushToDisk: true);
    }
}
