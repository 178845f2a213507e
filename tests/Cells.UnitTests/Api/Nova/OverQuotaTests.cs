using Cells.Api.Nova;
using Cells.Api.Quotas;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Nova;

public sealed class OverQuotaTests
{
    private static readonly Flavor Small = new("1", "small", 2, 1_024, 10);
    private static readonly CreateServer One = CreateServer.Of("x", "1", new ImageId(Guid.Empty));

    [TestCase(10, 20, 51_200, 0, 0, 0, 100, 10)]
    [TestCase(10, 20, 51_200, 0, 3, 0, 100, 8)]
    [TestCase(10, 20, 4_096, 0, 0, 1_024, 100, 3)]
    [TestCase(-1, -1, -1, 5_000, 10_000, 5_000_000, 100, 100)]
    [TestCase(10, 20, 51_200, 12, 24, 12_288, 100, 0)]
    [TestCase(10, -1, -1, 9, 0, 0, 1, 1)]
    public void As_many_fit_as_every_limit_leaves(int instances, int cores, long ram, int usedInstances, int usedCores, long usedRam, int asked, int fits)
    {
        var standing = new QuotaStanding(
            QuotaLimits.Default with { Instances = instances, Cores = cores, RamMib = ram }, new QuotaUsage(usedInstances, usedCores, usedRam));

        Assert.That(OverQuota.Fitting(standing, Small, One with { MaxCount = asked }), Is.EqualTo(fits));
    }

    [Test]
    public void Only_what_is_over_is_named_in_Novas_words()
    {
        var standing = new QuotaStanding(QuotaLimits.Default with { Instances = 3, Cores = 5 }, new QuotaUsage(2, 4, 2_048));

        var refusal = OverQuota.Refusal(standing, Small, One with { MinCount = 2, MaxCount = 4 });

        Assert.That((refusal.Status, refusal.Message), Is.EqualTo((403,
            "Quota exceeded for cores, instances: Requested 4, 2-4, but already used 4, 2 of 5, 3 cores, instances")));
    }
}
