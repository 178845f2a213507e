using Cells.Compute.XenApi;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.XenApi;

public sealed class HostAddressTests
{
    [TestCase("10.0.0.5", "https://10.0.0.5:443")]
    [TestCase("https://xen1.example", "https://xen1.example:443")]
    [TestCase("http://127.0.0.1:8080/", "http://127.0.0.1:8080")]
    [TestCase("xen1.example:4443", "https://xen1.example:4443")]
    [TestCase("fd00::5", "https://[fd00::5]:443")]
    [TestCase("http://[fd00::5]:81", "http://[fd00::5]:81")]
    public void An_address_is_read(string text, string expected) => Assert.That(HostAddress.Parse(text).ToString(), Is.EqualTo(expected));

    [TestCase("")]
    [TestCase("ftp://10.0.0.5")]
    [TestCase("http://root:pw@10.0.0.5")]
    [TestCase("http://10.0.0.5/path")]
    [TestCase("not an address")]
    public void What_is_no_address_is_refused_with_an_example(string text) =>
        Assert.That(Assert.Throws<FormatException>(() => HostAddress.Parse(text))!.Message, Does.Contain("https://10.0.0.5"));

    [TestCase("10.0.0.6", "http://10.0.0.6:8080")]
    [TestCase("10.0.0.6:81", "http://10.0.0.6:81")]
    [TestCase("fd00::6", "http://[fd00::6]:8080")]
    [TestCase("[fd00::6]", "http://[fd00::6]:8080")]
    [TestCase("[fd00::6]:81", "http://[fd00::6]:81")]
    [TestCase("xen2.example", "http://xen2.example:8080")]
    public void Another_host_keeps_scheme_and_port_unless_it_names_its_own(string host, string expected) =>
        Assert.That(HostAddress.Parse("http://10.0.0.5:8080").At(host).ToString(), Is.EqualTo(expected));

    [Test]
    public void An_address_makes_its_uri() => Assert.That(HostAddress.Parse("http://[fd00::5]:81").Uri, Is.EqualTo(new Uri("http://[fd00::5]:81/")));
}
