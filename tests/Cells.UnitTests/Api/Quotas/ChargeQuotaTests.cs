using Cells.Api.Quotas;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Quotas;

public sealed class ChargeQuotaTests
{
    private static readonly ProjectId A = new(Guid.Parse("0f0f0f0f-0000-4000-8000-00000000000a"));
    private static readonly ProjectId B = new(Guid.Parse("0f0f0f0f-0000-4000-8000-00000000000b"));

    [Test]
    public void Charges_of_one_project_are_summed_in_their_order()
    {
        var standing = Standing((A, QuotaLimits.Default with { Cores = 10 }, new QuotaUsage(0, 4, 0)));

        var missed = ChargeQuota.Judge([Cores(A, 4), Cores(A, 4), Cores(A, 2), Cores(A, 1)], standing);

        Assert.That(missed, Is.EqualTo(new[] { 1, 3 }), "what does not fit takes nothing from those behind it");
    }

    [Test]
    public void Projects_do_not_touch_each_other()
    {
        var standing = Standing((A, QuotaLimits.Default with { Cores = 1 }, QuotaUsage.None), (B, QuotaLimits.Default, QuotaUsage.None));

        var missed = ChargeQuota.Judge([Cores(A, 1), Cores(B, 20), Cores(A, 1), Cores(B, 1)], standing);

        Assert.That(missed, Is.EqualTo(new[] { 2, 3 }));
    }

    [Test]
    public void A_project_that_is_not_there_has_no_room() =>
        Assert.That(ChargeQuota.Judge([Cores(A, 1)], Standing()), Is.EqualTo(new[] { 0 }));

    [Test]
    public void Minus_one_is_no_limit_and_metadata_is_judged_for_each_server()
    {
        var standing = Standing((A, QuotaLimits.Default with { Instances = -1, Cores = -1, RamMib = -1, MetadataItems = 2 }, new QuotaUsage(90_000, 90_000, 90_000)));

        var missed = ChargeQuota.Judge([Cores(A, 5_000), Cores(A, 1) with { MetadataItems = 3 }, Cores(A, 1) with { MetadataItems = 2 }], standing);

        Assert.That(missed, Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void What_a_resize_takes_nothing_of_is_not_judged_also_where_the_project_is_over_that_limit()
    {
        var limits = QuotaLimits.Default with { Instances = 1, Cores = 10, RamMib = 1_000 };
        var used = new QuotaUsage(3, 4, 5_000);
        var user = new UserId(Guid.Parse("0f0f0f0f-0000-4000-8000-00000000000c"));
        QuotaUsage[] asked = [new(0, 4, 0), new(0, 0, 1), new(0, 7, 0), new(1, 0, 0)];

        var missed = ChargeQuota.Judge([.. asked.Select(a => new ChargeQuota(A, a, 0))], Standing((A, limits, used)));
        var ofUser = ChargeUser.Judge(
            [.. asked.Select(a => new ChargeUser(A, user, a))],
            new Dictionary<(Guid Project, Guid User), (QuotaLimits Limits, QuotaUsage Used)> { [(A.Value, user.Value)] = (limits, used) });

        Assert.That(missed, Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(ofUser, Is.EqualTo(missed));
    }

    [Test]
    public void Whatever_is_asked_no_limit_is_passed_and_nothing_that_fits_is_refused([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var limits = QuotaLimits.Default with { Instances = random.Next(1, 30), Cores = random.Next(1, 60), RamMib = random.Next(1, 9_000) };
        var used = new QuotaUsage(random.Next(5), random.Next(5), random.Next(500));
        var charges = Enumerable.Range(0, 40).Select(_ => new ChargeQuota(A, new QuotaUsage(1, random.Next(1, 8), random.Next(1, 1_000)), 0)).ToList();

        var missed = ChargeQuota.Judge(charges, Standing((A, limits, used))).ToHashSet();

        var sum = used;
        for (var i = 0; i < charges.Count; i++)
        {
            var fits = charges[i].Asked.FitsOn(sum, limits);
            Assert.That(missed.Contains(i), Is.EqualTo(!fits), $"seed {seed}, charge {i}");
            if (fits)
                sum += charges[i].Asked;
        }
    }

    private static ChargeQuota Cores(ProjectId project, int cores) => new(project, new QuotaUsage(1, cores, 0), 0);

    private static Dictionary<Guid, (QuotaLimits Limits, QuotaUsage Used)> Standing(params (ProjectId Project, QuotaLimits Limits, QuotaUsage Used)[] projects) =>
        projects.ToDictionary(project => project.Project.Value, project => (project.Limits, project.Used));
}
