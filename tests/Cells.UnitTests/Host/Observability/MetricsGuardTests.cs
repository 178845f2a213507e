using System.Net;
using Cells.Host.Observability;
using NUnit.Framework;

namespace Cells.UnitTests.Host.Observability;

public sealed class MetricsGuardTests
{
    [TestCase("127.0.0.1", null, true)]
    [TestCase("::1", null, true)]
    [TestCase("::ffff:127.0.0.1", null, true)]
    [TestCase("192.0.2.7", null, false)]
    [TestCase("192.0.2.7", "Bearer secret", true)]
    [TestCase("192.0.2.7", "bearer secret", true)]
    [TestCase("192.0.2.7", "Bearer secret2", false)]
    [TestCase("192.0.2.7", "Bearer", false)]
    [TestCase("192.0.2.7", "Basic secret", false)]
    [TestCase("2001:db8::1", "secret", false)]
    public void This_machine_and_who_has_the_token_may_read(string from, string? authorization, bool may) =>
        Assert.That(new MetricsGuard("secret").Lets(IPAddress.Parse(from), authorization), Is.EqualTo(may));
}
