using System.Net;
using System.Net.Sockets;

namespace Cells.Host.Up;

internal static class FreePort
{
    /// <summary>The same endpoint with a port that is free now, when port 0 was asked for: links in answers must name it before the door listens.</summary>
    public static IPEndPoint Resolve(IPEndPoint listen)
    {
        if (listen.Port != 0)
            return listen;
        using var probe = new TcpListener(listen.Address, 0);
        probe.Start();
        return new IPEndPoint(listen.Address, ((IPEndPoint)probe.LocalEndpoint).Port);
    }
}
