using System.Net;
using Cells.Host.Configuration;
using Cells.Host.Up;
using NUnit.Framework;

namespace Cells.UnitTests.Host;

public sealed class UpOptionsTests
{
    private static readonly UpOptions Usual = new(
        "d", null, UpOptions.ParseListen(UpOptions.DefaultListen), null, BusChoice.Parse(BusChoice.InProcess), UpOptions.DefaultHosts, UpOptions.DefaultLatency);

    [Test]
    public void The_words_that_start_it_again_name_what_is_not_usual_and_no_password()
    {
        Assert.That(Usual.Words("/var/lib/cells"), Is.EqualTo("cells up --data /var/lib/cells"));

        var other = Usual with
        {
            TopologyFile = "/etc/a tree.yaml",
            Listen = new IPEndPoint(IPAddress.Any, 80),
            Database = "Host=db1;Password=secret",
            Bus = BusChoice.Parse("rabbitmq=amqp://broker1"),
            HostsPerCell = 2,
        };

        Assert.That(other.Words("/d"), Is.EqualTo("cells up --data /d --topology '/etc/a tree.yaml' --listen 0.0.0.0:80 --database URL --bus rabbitmq=amqp://broker1:5672 --hosts 2"));
    }
}
