using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Cells.Api.Identity;

/// <summary>
/// Tokens as JSON Web Signatures (RFC 7515, compact form) with ES256: any node of any API cell that has the key's file, or only its public half,
/// checks them without asking anybody.
/// </summary>
public sealed class TokenSigner : IDisposable
{
    private static readonly string Header = Base64Url.EncodeToString("""{"alg":"ES256","typ":"JWT"}"""u8);
    private readonly ECDsa _key;

    public TokenSigner(string keyDirectory, ILogger logger)
    {
        var pem = KeyFile.ReadOrMake(keyDirectory, "token-signing.pem", MakeKey, logger);
        _key = ECDsa.Create();
        _key.ImportFromPem(Encoding.ASCII.GetString(pem));
    }

    public string Sign(Token token)
    {
        var text = $"{Header}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(token, TokenJson.Default.Token))}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>Null for anything that this key did not sign. Neither the end of the token nor revocations are looked at.</summary>
    public Token? Open(string text)
    {
        var dot = text.LastIndexOf('.');
        if (dot < 0 || !text.StartsWith(Header + ".", StringComparison.Ordinal) || dot <= Header.Length)
            return null;
        var (signature, payload) = (Decode(text[(dot + 1)..]), Decode(text[(Header.Length + 1)..dot]));
        if (signature is null || payload is null || !Verifies(text[..dot], signature))
            return null;
        return JsonSerializer.Deserialize(payload, TokenJson.Default.Token);
    }

    public void Dispose() => _key.Dispose();

    private bool Verifies(string text, byte[] signature)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        lock (_key)   // ECDsa instances are not made for use by several threads at once
            return _key.VerifyData(bytes, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static byte[]? Decode(string text)
    {
        var bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        return Base64Url.DecodeFromChars(text, bytes, out _, out var length) == OperationStatus.Done ? bytes[..length] : null;
    }

    private static byte[] MakeKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem());
    }
}
