using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Scheduler;
using NUnit.Framework;

namespace Cells.UnitTests.Scheduler;

public sealed class ChooseHostTests
{
    private static readonly CellName Cell = CellName.Parse("east-1");
    private static readonly Flavor Small = new("1", "small", 1, 1024, 1);

    [TestCase(100, 500, 900, "shared-500", TestName = "Disks_go_to_the_tightest_shared_repository")]
    [TestCase(600, 500, 900, "shared-900", TestName = "One_without_room_is_passed_over")]
    [TestCase(950, 500, 900, "local", TestName = "What_no_shared_one_holds_goes_to_the_hosts_own")]
    public void A_disk_goes_where_other_hosts_see_it_if_it_fits_there(long diskGib, long firstGib, long secondGib, string expected)
    {
        var index = new HostIndex();
        var (first, second) = (new SrId(new Guid(1, 3, 0, new byte[8])), new SrId(new Guid(2, 3, 0, new byte[8])));
        index.PutSharedSr(first, firstGib * Units.Gib);
        index.PutSharedSr(second, secondGib * Units.Gib);
        var host = Host(1, free: new(16, 32_768), localFree: 1000 * Units.Gib) with { SharedSrs = [first, second] };
        index.Put(host);

        var decision = ChooseHost.Decide(Cell, index, Request(Small) with { DiskBytes = diskGib * Units.Gib }, HostPolicy.Pack);

        Assert.That(decision.Sr == host.LocalSr!.Value.Id ? "local" : decision.Sr == first ? "shared-500" : "shared-900", Is.EqualTo(expected));
    }

    [Test]
    public void Given_two_hosts_with_room_when_packing_then_the_fuller_one_is_chosen_with_its_own_sr()
    {
        var index = new HostIndex();
        index.Put(Host(1, free: new(16, 32_768)));
        index.Put(Host(2, free: new(4, 8_192)));

        var decision = ChooseHost.Decide(Cell, index, Request(Small), HostPolicy.Pack);

        Assert.That(decision.Host!.Name, Is.EqualTo("h02"));
        Assert.That(decision.Sr, Is.EqualTo(decision.Host.LocalSr!.Value.Id));
        Assert.That(decision.Why.Best.Select(b => b.Name), Is.EqualTo(new[] { "h02", "h01" }));
    }

    [Test]
    public void Given_two_hosts_with_room_when_spreading_then_the_emptier_one_is_chosen()
    {
        var index = new HostIndex();
        index.Put(Host(1, free: new(16, 32_768)));
        index.Put(Host(2, free: new(4, 8_192)));

        var decision = ChooseHost.Decide(Cell, index, Request(Small), HostPolicy.Spread);

        Assert.That(decision.Host!.Name, Is.EqualTo("h01"));
    }

    [Test]
    public void Given_no_room_then_each_filter_counts_what_it_removed_with_numbers()
    {
        var index = new HostIndex();
        index.Put(Host(1, free: new(16, 100)));
        index.Put(Host(2, free: new(0, 32_768)));
        index.Put(Host(3, free: new(16, 32_768), unavailable: "down since it was last heard"));
        index.Put(Host(4, free: new(16, 32_768), localFree: 5));

        var decision = ChooseHost.Decide(Cell, index, Request(Small), HostPolicy.Pack);

        Assert.That(decision.Host, Is.Null);
        Assert.That(decision.Why.Removed.Select(r => (r.Filter, r.Count)), Is.EqualTo(new[] { ("available", 1), ("resources", 2), ("storage", 1) }));
        Assert.That(decision.Why.Removed[1].Examples, Is.EqualTo(new[] { "h01: needs 1036 MiB, has 100 MiB", "h02: needs 1 vCPU, has 0" }));
        Assert.That(decision.Why.WouldFit, Does.Contain("one more host"));
    }

    [TestCase("ssd", "true", "h02")]
    [TestCase("aggregate_instance_extra_specs:ssd", "true", "h02")]
    [TestCase("ssd", "<or> maybe <or> true", "h02")]
    [TestCase("ssd", "false", null)]
    [TestCase("gpu", "true", null)]
    [TestCase("hw:cpu_policy", "shared", "h01")]
    public void Given_extra_specs_then_only_hosts_whose_aggregates_meet_them_are_chosen(string key, string value, string? chosen)
    {
        var index = new HostIndex();
        index.Put(Host(1, free: new(4, 8_192)));
        index.Put(Host(2, free: new(16, 32_768)) with
        {
            Aggregates = AggregateTraits.Of([new HostAggregate("fast", new SortedDictionary<string, string> { ["ssd"] = "true", ["rack"] = "7" })]),
        });
        var flavor = Small with { ExtraSpecs = new SortedDictionary<string, string> { [key] = value } };

        var decision = ChooseHost.Decide(Cell, index, Request(flavor), HostPolicy.Pack);

        Assert.That(decision.Host?.Name, Is.EqualTo(chosen));
        if (chosen is null)
            Assert.That(decision.Why.Removed.Select(r => (r.Filter, r.Count)), Is.EqualTo(new[] { ("aggregate_extra_specs", 2) }));
    }

    [Test]
    public void A_key_of_two_aggregates_has_both_values()
    {
        HostAggregate[] both = [new("a", new SortedDictionary<string, string> { ["rack"] = "1" }), new("b", new SortedDictionary<string, string> { ["rack"] = "2" })];

        Assert.That(AggregateTraits.ValuesOf(AggregateTraits.Of(both), "rack"), Is.EqualTo(new[] { "1", "2" }));
    }

    [Test]
    public void Given_a_network_then_only_a_host_that_carries_it_is_chosen_and_the_others_are_counted()
    {
        var index = new HostIndex();
        index.Put(Host(1, free: new(4, 8_192)) with { Networks = NetworkSet.Of(["management"]) });
        index.Put(Host(2, free: new(16, 32_768)) with { Networks = NetworkSet.Of(["storage", "management"]) });

        var decision = ChooseHost.Decide(Cell, index, Request(Small) with { Networks = ["management", "storage"] }, HostPolicy.Pack);
        var nowhere = ChooseHost.Decide(Cell, index, Request(Small) with { Networks = ["storage 2"] }, HostPolicy.Pack);

        Assert.That(decision.Host!.Name, Is.EqualTo("h02"));
        Assert.That(decision.Why.Removed.Single().Examples, Is.EqualTo(new[] { "h01: does not carry network 'storage'" }));
        Assert.That((nowhere.Host, nowhere.Why.Removed.Single().Filter, nowhere.Why.Removed.Single().Count), Is.EqualTo(((HostState?)null, "networks", 2)));
        Assert.That(nowhere.Why.WouldFit, Is.EqualTo("a host that carries network 'storage 2'"));
    }

    [Test]
    public void Given_a_ratio_above_one_then_a_flavor_wider_than_the_host_itself_still_does_not_fit()
    {
        var index = new HostIndex();
        index.Put(Host(1, free: new(64, 32_768)) with { Cpus = 16 });

        var decision = ChooseHost.Decide(Cell, index, Request(new Flavor("w", "wide", 17, 1024, 1)), HostPolicy.Pack);

        Assert.That(decision.Host, Is.Null);
        Assert.That(decision.Why.Removed.Single().Examples, Is.EqualTo(new[] { "h01: needs 17 vCPU, has 16 CPUs in all" }));
    }

    [Test]
    public void Given_a_host_that_failed_before_then_it_is_not_chosen_again()
    {
        var index = new HostIndex();
        index.Put(Host(1, free: new(16, 32_768)));
        var request = Request(Small) with { TriedHosts = [Host(1, default).Id] };

        var decision = ChooseHost.Decide(Cell, index, request, HostPolicy.Pack);

        Assert.That(decision.Host, Is.Null);
        Assert.That(decision.Why.Removed.Single().Filter, Is.EqualTo("already_tried"));
    }

    [Test]
    public void Given_a_zone_was_asked_then_only_its_hosts_pass()
    {
        var index = new HostIndex();
        index.Put(Host(1, free: new(2, 4_096)));
        index.Put(Host(2, free: new(16, 32_768)) with { Zone = "b" });

        var decision = ChooseHost.Decide(Cell, index, PlacementRequest.For(Small, "b", null, [], []), HostPolicy.Pack);

        Assert.That(decision.Host!.Name, Is.EqualTo("h02"));
    }

    [Test]
    public void Whatever_is_placed_and_released_no_host_is_promised_more_than_it_has([Values(1, 2, 3, 4)] int seed)
    {
        var random = new Random(seed);
        var index = new HostIndex();
        for (var i = 0; i < 20; i++)
            index.Put(Host(i, free: new(random.Next(4, 33), random.Next(4, 65) * 1024), localFree: random.Next(20, 200) * Units.Gib));
        var before = index.Hosts.ToDictionary(h => h.Id, h => (h.Free, h.LocalSr!.Value.FreeBytes));
        var placed = new List<(HostId, SrId, HostResources, long)>();

        for (var step = 0; step < 2_000; step++)
        {
            if (placed.Count > 0 && random.Next(3) == 0)
            {
                var gone = placed[random.Next(placed.Count)];
                placed.Remove(gone);
                index.Release(gone.Item1, gone.Item2, gone.Item3, gone.Item4);
                continue;
            }
            var request = Request(new Flavor("f", "f", random.Next(1, 9), random.Next(1, 17) * 512, random.Next(1, 30)));
            if (ChooseHost.Decide(Cell, index, request, HostPolicy.Pack) is { Host: { } host } decision)
            {
                index.Take(host.Id, decision.Sr, request.Need, request.DiskBytes);
                placed.Add((host.Id, decision.Sr, request.Need, request.DiskBytes));
            }
            Assert.That(index.Hosts.All(h => h.Free.Vcpus >= 0 && h.Free.MemoryMib >= 0 && h.LocalSr!.Value.FreeBytes >= 0), $"seed {seed}, step {step}");
        }

        foreach (var (host, sr, need, disk) in placed)
            index.Release(host, sr, need, disk);
        Assert.That(index.Hosts.ToDictionary(h => h.Id, h => (h.Free, h.LocalSr!.Value.FreeBytes)), Is.EquivalentTo(before), $"seed {seed}");
    }

    internal static HostState Host(int i, HostResources free, string? unavailable = null, long localFree = 100 * Units.Gib) => new(
        new HostId(new Guid(i, 1, 0, new byte[8])), $"h{i:00}", "standard", "nova", unavailable, free, new HostResources(32, 65_536),
        new LocalSr(new SrId(new Guid(i, 2, 0, new byte[8])), localFree), []);

    internal static PlacementRequest Request(Flavor flavor) => PlacementRequest.For(flavor, null, null, [], []);
}
