using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Cells.Host.Observability;

/// <summary>Who may read the meters: they tell how a cloud is used. A proxy on this machine makes everybody's request one of this machine: it must not pass the route on.</summary>
internal sealed class MetricsGuard(string token)
{
    public const string Refusal = "The meters are for collectors: ask from this machine, or with the bearer token of keys/metrics-token in the data directory.\n";

    private const string Scheme = "Bearer ";
    private readonly byte[] _token = Encoding.UTF8.GetBytes(token);

    /// <param name="from">Null for a listener without addresses, such as a test's: nobody from elsewhere.</param>
    public bool Lets(IPAddress? from, string? authorization) =>
        from is null || IPAddress.IsLoopback(from)
        || (authorization?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) == true
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()), _token));
}
