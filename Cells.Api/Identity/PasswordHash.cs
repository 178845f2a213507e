using System.Globalization;
using System.Security.Cryptography;
using Cells.Contracts;

namespace Cells.Api.Identity;

/// <summary>Passwords at rest: PBKDF2-HMAC-SHA512, <c>pbkdf2-sha512$iterations$salt$hash</c>, salt and hash in base64.</summary>
internal static class PasswordHash
{
    // OWASP's figure for PBKDF2-HMAC-SHA512: about 0.1 s of one core, paid once per token and not per request.
    private const int Iterations = 210_000;
    private const string Scheme = "pbkdf2-sha512";

    public static string Of(string password, IIdSource ids)
    {
        var salt = new byte[16];
        ids.Fill(salt);
        return $"{Scheme}${Iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(Derive(password, salt, Iterations))}";
    }

    /// <exception cref="FormatException">The stored text is no hash of ours.</exception>
    public static bool Matches(string password, string stored)
    {
        if (stored.Split('$') is not [Scheme, var iterations, var salt, var hash])
            throw new FormatException("A stored password hash has an unknown form.");
        return CryptographicOperations.FixedTimeEquals(
            Derive(password, Convert.FromBase64String(salt), int.Parse(iterations, CultureInfo.InvariantCulture)), Convert.FromBase64String(hash));
    }

    private static byte[] Derive(string password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA512, outputLength: 32);
}
