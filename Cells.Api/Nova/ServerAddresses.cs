using System.Text.Json;
using Cells.Contracts;

namespace Cells.Api.Nova;

/// <summary>A server's addresses as Nova shows them, by the names of their networks.</summary>
internal static class ServerAddresses
{
    /// <summary>Empty while it builds, as in Nova: nobody answers there yet.</summary>
    public static IEnumerable<IGrouping<string, ServerAddress>> Shown(Server server) =>
        (server.View.VmState == VmState.Building ? [] : server.Addresses).GroupBy(address => address.Network, StringComparer.Ordinal);

    /// <summary>The member <c>addresses</c> of a server.</summary>
    public static void Write(Utf8JsonWriter w, Server server)
    {
        w.WriteStartObject();
        foreach (var network in Shown(server))
            WriteOne(w, network, extended: true);
        w.WriteEndObject();
    }

    /// <param name="extended">With type and MAC, as in a server; without, as in /ips.</param>
    public static void WriteOne(Utf8JsonWriter w, IGrouping<string, ServerAddress> network, bool extended)
    {
        w.WriteStartArray(network.Key);
        foreach (var address in network)
        {
            w.WriteStartObject();
            w.WriteNumber("version", 4);
            w.WriteString("addr", address.Ip);
            if (extended)
            {
                w.WriteString("OS-EXT-IPS:type", "fixed");
                w.WriteString("OS-EXT-IPS-MAC:mac_addr", address.Mac);
            }
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }
}
