using Cells.Compute.Placement;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Scheduler;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

/// <summary>Server groups in a cell: what is claimed decides, and what is only decided counts already.</summary>
public sealed class GroupPlacesTests
{
    private static readonly GroupHint Apart = new(Guid.Parse("00000000-0000-4000-8000-0000000000aa"), GroupPolicy.AntiAffinity, 1);

    [Test]
    public void Whatever_comes_and_goes_no_host_has_more_of_an_anti_affinity_group_than_it_may([Values(1, 2, 3)] int seed, [Values(1, 3)] int most)
    {
        var random = new Random(seed);
        var index = new HostIndex();
        for (var i = 0; i < 6; i++)
            index.Put(Host(i));
        var places = new GroupPlaces();
        var placed = new Dictionary<BuildInstance, HostId>();
        for (var turn = 0; turn < 1_000; turn++)
        {
            if (placed.Count > 0 && random.Next(3) == 0)
            {
                var leaves = placed.Keys.ElementAt(random.Next(placed.Count));
                placed.Remove(leaves);
                places.Follow(leaves, null);
                continue;
            }
            var build = Build(Apart with { MaxPerHost = most });
            var decision = ChooseHost.Decide(Rows.Cell, index, Request(build, places), HostPolicy.Pack);
            if (decision.Host is { } host)
            {
                places.Take(build, host.Id);
                placed[build] = host.Id;
            }

            var where = $"seed {seed}, turn {turn}";
            Assert.That(placed.GroupBy(p => p.Value).Max(host => host.Count()), Is.LessThanOrEqualTo(most), where);
            Assert.That(decision.Host is null, Is.EqualTo(placed.Count == 6 * most && !placed.ContainsKey(build)), where);
        }
    }

    [Test]
    public void Affinity_keeps_a_group_on_one_host_and_the_rest_is_refused_by_name()
    {
        var (index, places) = (new HostIndex(), new GroupPlaces());
        index.Put(Host(1));
        index.Put(Host(2));
        var (first, second) = (Build(new GroupHint(Apart.Id, GroupPolicy.Affinity, 1)), Build(new GroupHint(Apart.Id, GroupPolicy.Affinity, 1)));
        places.Take(first, Host(2).Id);

        var decision = ChooseHost.Decide(Rows.Cell, index, Request(second, places), HostPolicy.Pack);
        index.Remove(Host(2).Id);
        var alone = ChooseHost.Decide(Rows.Cell, index, Request(second, places), HostPolicy.Pack);

        Assert.That(decision.Host!.Id, Is.EqualTo(Host(2).Id));
        Assert.That(alone.Host, Is.Null);
        Assert.That(alone.Why.Removed.Select(r => (r.Filter, r.Count)), Is.EqualTo(new[] { ("server_group", 1) }));
    }

    [TestCase(GroupPolicy.SoftAntiAffinity, 2)]
    [TestCase(GroupPolicy.SoftAffinity, 1)]
    public void Soft_rules_come_before_packing_and_refuse_nothing(GroupPolicy policy, int expected)
    {
        var (index, places) = (new HostIndex(), new GroupPlaces());
        index.Put(Host(1));
        index.Put(Host(2));
        var build = Build(new GroupHint(Apart.Id, policy, 1));
        foreach (var host in new[] { 1, 1, 2 })
            places.Take(Build(new GroupHint(Apart.Id, policy, 1)), Host(host).Id);

        Assert.That(ChooseHost.Decide(Rows.Cell, index, Request(build, places), HostPolicy.Pack).Host!.Id, Is.EqualTo(Host(expected).Id));
        index.Remove(Host(expected).Id);
        Assert.That(ChooseHost.Decide(Rows.Cell, index, Request(build, places), HostPolicy.Pack).Host, Is.Not.Null);
    }

    [Test]
    public void One_that_is_placed_anew_is_not_in_its_own_way()
    {
        var places = new GroupPlaces();
        var build = Build(Apart);
        places.Take(build, Host(1).Id);

        Assert.That(places.RuleFor(build)!.Members, Is.Empty);
        Assert.That(places.RuleFor(Build(Apart))!.Members, Is.EquivalentTo(new[] { KeyValuePair.Create(Host(1).Id, 1) }));
        Assert.That(places.RuleFor(Build(null)), Is.Null);
    }

    private static PlacementRequest Request(BuildInstance build, GroupPlaces places) =>
        PlacementRequest.For(build.Flavor, null, null, [], []) with { Group = places.RuleFor(build) };

    private static HostState Host(int number) => new(
        new HostId(new Guid(number, 0, 0, new byte[8])), $"h{number:00}", "default", "nova", null, new HostResources(64, 65_536), new HostResources(64, 65_536),
        new LocalSr(new SrId(new Guid(number, 1, 0, new byte[8])), 1L << 40), []);

    private static BuildInstance Build(GroupHint? group) => new(
        new InstanceId(Guid.NewGuid()), 1, 1, 0, new ProjectId(Guid.Empty), new UserId(Guid.Empty), "req-1", "x", new Flavor("1", "1", 1, 512, 1),
        new ImageSpec(new ImageId(Guid.Empty), 1, "00", "raw"), PlacementHints.None with { Group = group });
}
