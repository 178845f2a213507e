using System.Net;
using System.Net.Sockets;
using System.Text;
using Cells.Compute.XenApi;
using Cells.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.XenApi;

public sealed class HttpXapiWireTests
{
    private static readonly TimeSpan StandsStill = TimeSpan.FromSeconds(100);

    [Test]
    public async Task What_is_read_may_take_as_long_as_it_takes_while_it_does_not_stand_still()
    {
        using var host = new TcpListener(IPAddress.Loopback, 0);
        host.Start();
        var time = new ManualTime();
        using var wires = new HttpXapiWireFactory(XapiTrust.MachineOnly, time);
        var wire = wires.Open(HostAddress.Parse($"http://127.0.0.1:{((IPEndPoint)host.LocalEndpoint).Port}"));
        await using var pieces = wire.GetAsync("/export_raw_vdi?x", StandsStill, CancellationToken.None).GetAsyncEnumerator();

        var first = pieces.MoveNextAsync().AsTask();
        using var connection = await host.AcceptTcpClientAsync();
        await using var stream = connection.GetStream();
        await SendAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na");
        Assert.That(await first);
        for (var more = 0; more < 3; more++)
        {
            time.Advance(StandsStill - TimeSpan.FromSeconds(1));
            var next = pieces.MoveNextAsync().AsTask();
            await SendAsync(stream, "b");
            Assert.That(await next, $"after {time.Elapsed}");
        }

        var silent = pieces.MoveNextAsync().AsTask();
        time.Advance(StandsStill + TimeSpan.FromSeconds(1));
        Assert.That(async () => await silent, Throws.InstanceOf<XenApiUnreachable>().With.Message.Contains("within 100 s"));
    }

    private static async Task SendAsync(NetworkStream stream, string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
}
