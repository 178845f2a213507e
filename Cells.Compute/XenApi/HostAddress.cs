using System.Net;
using System.Net.Sockets;

namespace Cells.Compute.XenApi;

/// <summary>Where a host answers: scheme, name or address, port.</summary>
public sealed record HostAddress
{
    private HostAddress(string scheme, string host, int port) => (Scheme, Host, Port) = (scheme, host, port);

    public string Scheme { get; }
    public string Host { get; }
    public int Port { get; }

    public Uri Uri => new($"{this}/");

    /// <summary>Reads <c>https://10.0.0.5</c>, <c>http://127.0.0.1:8080</c>, <c>xen1.example:443</c>; without a scheme it is https.</summary>
    /// <exception cref="FormatException">The text is no address; the message says what one looks like.</exception>
    public static HostAddress Parse(string text)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"https://{Bracketed(text)}";
        return Uri.TryCreate(full, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", Host.Length: > 0, PathAndQuery: "/" or "", UserInfo: "" }
            ? new HostAddress(uri.Scheme, uri.IdnHost.Trim('[', ']'), uri.Port)
            : throw new FormatException($"'{text}' is not a host's address. Write one like https://10.0.0.5, http://127.0.0.1:8080 or xen1.example.");
    }

    /// <summary>
    /// The same scheme and port at another host: what HOST_IS_SLAVE and a host record's <c>address</c> name is an address only. One that carries
    /// its own port keeps it.
    /// </summary>
    /// <exception cref="FormatException">The text is no host.</exception>
    public HostAddress At(string host)
    {
        var other = Parse($"{Scheme}://{Bracketed(host)}");
        var hasPort = host.LastIndexOf(':') > host.LastIndexOf(']') && (host.StartsWith('[') || host.Count(c => c == ':') == 1);
        return hasPort ? other : new HostAddress(Scheme, other.Host, Port);
    }

    public override string ToString() => $"{Scheme}://{Bracketed(Host)}:{Port}";

    private static string Bracketed(string host) =>
        IPAddress.TryParse(host, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 && !host.StartsWith('[') ? $"[{host}]" : host;
}
