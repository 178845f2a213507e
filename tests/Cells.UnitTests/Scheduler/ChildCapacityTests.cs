using Cells.Contracts;
using Cells.Scheduler;
using Cells.Scheduler.Capacity;
using NUnit.Framework;

namespace Cells.UnitTests.Scheduler;

public sealed class ChildCapacityTests
{
    private static readonly Flavor Flavor = new("1", "small", 1, 1000, 10);      // needs 1000 + 12 MiB

    [Test]
    public void Given_a_summary_then_it_tells_how_many_fit_by_the_scarcest_resource_of_each_host()
    {
        var child = new ChildCapacity();
        child.Update(Summary(0, new FreeVector(4, 10_000, 100 * Units.Gib, 2), new FreeVector(8, 2_024, 100 * Units.Gib, 1), new FreeVector(8, 10_000, 15 * Units.Gib, 1)));

        Assert.That(child.Fits(ChooseHostTests.Request(Flavor)), Is.EqualTo((2 * 4) + 2 + 1));
    }

    [Test]
    public void Given_dispatches_since_the_summary_then_they_are_taken_off_until_a_summary_counts_them()
    {
        var child = new ChildCapacity();
        child.Update(Summary(0, new FreeVector(1, 2_000, 100 * Units.Gib, 2)));
        var request = ChooseHostTests.Request(Flavor);

        child.Dispatched(1, request);
        Assert.That(child.Fits(request), Is.EqualTo(1));
        child.Dispatched(2, request);
        Assert.That(child.Fits(request), Is.EqualTo(0));

        child.Update(Summary(1, new FreeVector(1, 2_000, 100 * Units.Gib, 1)));          // counts the first, not the second
        Assert.That(child.Fits(request), Is.EqualTo(0));
        child.Settled(2);
        Assert.That(child.Fits(request), Is.EqualTo(1));
    }

    [Test]
    public void Given_too_many_vectors_when_they_are_rounded_then_nothing_is_promised_that_is_not_there([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        var vectors = Enumerable.Range(0, 500)
            .Select(_ => new FreeVector(random.Next(0, 64), random.Next(0, 262_144), random.Next(0, 2_000) * Units.Gib, 1)).ToArray();
        var exact = new ChildCapacity();
        exact.Update(Summary(0, vectors));
        var rounded = new ChildCapacity();

        var summary = Summarise.RoundedDown(Summary(0, vectors), mostVectors: 64);
        rounded.Update(summary);

        Assert.That(summary.Groups.Sum(g => g.Vectors.Count), Is.LessThanOrEqualTo(64));
        for (var i = 0; i < 100; i++)
        {
            var request = ChooseHostTests.Request(new Flavor("f", "f", random.Next(1, 17), random.Next(1, 65) * 512, random.Next(1, 100)));
            Assert.That(rounded.Fits(request), Is.LessThanOrEqualTo(exact.Fits(request)), $"seed {seed}, request {request.Need}");
        }
    }

    [Test]
    public void Given_a_host_index_then_its_summary_promises_exactly_what_the_hosts_have()
    {
        var index = new HostIndex();
        index.Put(ChooseHostTests.Host(1, new HostResources(4, 5_000)));
        index.Put(ChooseHostTests.Host(2, new HostResources(4, 5_000)));
        index.Put(ChooseHostTests.Host(3, new HostResources(64, 500_000), unavailable: "down"));

        var summary = Summarise.Of(index, countsWorkUpTo: 7);

        Assert.That(summary.CountsWorkUpTo, Is.EqualTo(7));
        Assert.That(summary.Groups.Single().Vectors, Is.EqualTo(new[] { new FreeVector(4, 5_000, 100 * Units.Gib, 2) }));
    }

    private static CapacitySummary Summary(long counts, params FreeVector[] vectors) => new(counts, [new HostGroup("standard", "nova", [], vectors)], []);
}
