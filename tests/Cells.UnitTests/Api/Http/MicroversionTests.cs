using Cells.Api.Http;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Http;

public sealed class MicroversionTests
{
    [TestCase(null, null, null)]
    [TestCase("compute 2.1", null, null)]
    [TestCase("compute latest", null, null)]
    [TestCase("volume 3.50", null, null)]
    [TestCase("volume 3.50, compute 2.1", null, null)]
    [TestCase("volume 3.50, compute 2.9", null, 406)]
    [TestCase("compute 2.2", "2.1", 406)]
    [TestCase(null, "2.1", null)]
    [TestCase(null, "latest", null)]
    [TestCase(null, "2.99", 406)]
    [TestCase(null, "1.1", 406)]
    [TestCase(null, "3.0", 406)]
    [TestCase(null, "2.01", 400)]
    [TestCase(null, "2", 400)]
    [TestCase(null, "newest", 400)]
    [TestCase("compute 2.99999", null, 400)]
    public void Versions_are_taken_refused_or_not_understood(string? header, string? legacy, int? refused)
    {
        var answer = Microversion.Negotiate(name => name == Microversion.Header ? header : legacy);

        Assert.That(answer?.Status, Is.EqualTo(refused));
    }
}
