using Cells.Api.Http;
using Cells.Api.Nova;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Http;

public sealed class MicroversionTests
{
    [TestCase(null, null, 1, null)]
    [TestCase("compute 2.1", null, 1, null)]
    [TestCase("compute 2.53", null, 53, null)]
    [TestCase("volume 3.50", null, 1, null)]
    [TestCase("volume 3.50, compute 2.9", null, 9, null)]
    [TestCase("compute 2.2", "2.1", 2, null)]
    [TestCase("volume 3.50, compute 2.999", null, 1, 406)]
    [TestCase(null, "2.26", 26, null)]
    [TestCase(null, "2.999", 1, 406)]
    [TestCase(null, "2.0", 1, 406)]
    [TestCase(null, "1.1", 1, 406)]
    [TestCase(null, "3.0", 1, 406)]
    [TestCase(null, "2.01", 1, 400)]
    [TestCase(null, "2", 1, 400)]
    [TestCase(null, "newest", 1, 400)]
    [TestCase("compute 2.99999", null, 1, 400)]
    public void Versions_are_taken_refused_or_not_understood(string? header, string? legacy, int minor, int? refused)
    {
        var (version, refusal) = Microversion.Negotiate(name => name == Microversion.Header ? header : legacy);

        Assert.That((version.Minor, refusal?.Status), Is.EqualTo((minor, refused)));
    }

    [TestCase("compute latest", null)]
    [TestCase(null, "latest")]
    public void The_latest_is_the_highest_that_is_stated(string? header, string? legacy)
    {
        var (version, refusal) = Microversion.Negotiate(name => name == Microversion.Header ? header : legacy);

        Assert.That((version, refusal), Is.EqualTo((Microversion.Maximum, (ApiResult?)null)));
    }

    [Test]
    public void The_history_names_every_version_up_to_the_highest_once()
    {
        Assert.That(MicroversionHistory.All.Select(change => change.Minor), Is.EqualTo(Enumerable.Range(2, MicroversionHistory.Highest - 1)));
        Assert.That(Microversion.Maximum.Minor, Is.EqualTo(MicroversionHistory.All[^1].Minor));
    }

    [Test]
    public void A_version_that_is_left_out_is_about_routes_that_are_not_served()
    {
        var served = new NovaRoutes(null!, null!, null!, null!, null!, null!, null!, null!, null!).Routes
            .Concat(new ServerInterfaces(null!).Routes)
            .Concat(new NovaGroupRoutes(null!).Routes)
            .Concat(new NovaUsageRoutes(null!).Routes)
            .Concat(new NovaQuotaClasses(null!, null!).Routes)
            .Concat(new NovaFleetRoutes(null!, null!, null!, null!).Routes).Select(route => route.Pattern).ToList();

        var undone = from change in MicroversionHistory.All
                     from part in change.Unserved
                     where served.Any(pattern => pattern.Contains(part, StringComparison.Ordinal))
                     select $"2.{change.Minor} ({change.Changes}): {part} is served now. Do it, and name the type that does it in MicroversionHistory.";

        Assert.That(undone, Is.Empty);
    }
}
