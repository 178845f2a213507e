using Cells.Contracts;
using Cells.Scheduler;
using Cells.Scheduler.Capacity;
using NUnit.Framework;

namespace Cells.UnitTests.Scheduler;

public sealed class ChooseCellTests
{
    private static readonly CellName Global = CellName.Parse("global");
    private static readonly Flavor Flavor = new("1", "small", 1, 1024, 10);

    [Test]
    public void Given_children_with_room_then_the_one_with_most_free_memory_is_asked()
    {
        var decision = Decide(ChooseHostTests.Request(Flavor), Child("east", 4_096), Child("west", 8_192));

        Assert.That(decision.Child, Is.EqualTo(CellName.Parse("west")));
    }

    [Test]
    public void Given_a_silent_child_then_it_gets_nothing_and_is_named()
    {
        var decision = Decide(ChooseHostTests.Request(Flavor), Child("east", 100), Child("west", 8_192) with { Silent = true });

        Assert.That(decision.Child, Is.Null);
        Assert.That(decision.Why.Silent, Is.EqualTo(new[] { "west" }));
        Assert.That(decision.OnlySilence, Is.True);
        Assert.That(decision.Why.Removed.Single().Filter, Is.EqualTo("capacity"));
    }

    [Test]
    public void Given_a_child_that_refused_before_then_the_next_one_is_asked()
    {
        var request = PlacementRequest.For(Flavor, null, null, [CellName.Parse("west")], []);

        var decision = Decide(request, Child("east", 4_096), Child("west", 8_192));

        Assert.That(decision.Child, Is.EqualTo(CellName.Parse("east")));
    }

    [Test]
    public void Given_a_child_without_a_summary_then_it_is_asked_since_only_it_knows()
    {
        var child = new ChildState(CellName.Parse("new"), Silent: false, new ChildCapacity(), [CellName.Parse("new")]);

        Assert.That(Decide(ChooseHostTests.Request(Flavor), child).Child, Is.EqualTo(child.Name));
    }

    [Test]
    public void Given_a_network_then_a_child_whose_summary_has_no_such_host_is_left_out_with_that_reason()
    {
        var request = ChooseHostTests.Request(Flavor) with { Networks = ["storage"] };

        var decision = Decide(request, Child("east", 4_096, ["storage", "management"]), Child("west", 8_192, ["management"]));
        var nowhere = Decide(request, Child("west", 8_192, ["management"]));
        var unsaid = Decide(request, Child("old", 8_192));

        Assert.That(decision.Child, Is.EqualTo(CellName.Parse("east")));
        Assert.That(decision.Why.Removed.Single().Examples, Is.EqualTo(new[] { "west: no host below carries network 'storage'" }));
        Assert.That((nowhere.Child, nowhere.Why.Removed.Single().Filter, nowhere.Why.WouldFit), Is.EqualTo(((CellName?)null, "networks", "a host that carries network 'storage'")));
        Assert.That(unsaid.Child, Is.EqualTo(CellName.Parse("old")), "a cell that does not say is asked");
    }

    [Test]
    public void Given_a_group_that_is_in_one_cell_then_only_the_way_to_it_is_asked_and_a_target_elsewhere_has_none()
    {
        var request = ChooseHostTests.Request(Flavor);
        var group = request with { Hints = new PlacementHintsView(null, null, GroupCell: CellName.Parse("east")) };
        var torn = request with { Hints = new PlacementHintsView(null, CellName.Parse("west"), GroupCell: CellName.Parse("east")) };

        var nowhere = Decide(torn, Child("east", 4_096), Child("west", 8_192));

        Assert.That(Decide(group, Child("east", 4_096), Child("west", 8_192)).Child, Is.EqualTo(CellName.Parse("east")));
        Assert.That(nowhere.Child, Is.Null);
        Assert.That(nowhere.Why.Removed.Select(removed => (removed.Filter, removed.Examples[0])), Is.EqualTo(new[]
        {
            ("server_group", "west: east, where the server group is, is not reached through it"), ("target_cell", "east: west is not reached through it"),
        }));
    }

    [Test]
    public void A_merged_summary_still_tells_the_networks()
    {
        var index = new HostIndex();
        index.Put(ChooseHostTests.Host(1, free: new(4, 8_192)) with { Networks = NetworkSet.Of(["storage"]) });
        index.Put(ChooseHostTests.Host(2, free: new(4, 8_192)) with { Networks = NetworkSet.Of(["management"]) });
        var child = new ChildCapacity();
        child.Update(Summarise.Of(index, 0));
        child.Dispatched(1, ChooseHostTests.Request(Flavor) with { Networks = ["storage"] });

        var merged = new ChildCapacity();
        merged.Update(Summarise.Merge([child.Current], 0));

        Assert.That(merged.Fits(ChooseHostTests.Request(Flavor) with { Networks = ["management"] }), Is.EqualTo(4), "nothing was taken off it");
        Assert.That(merged.Fits(ChooseHostTests.Request(Flavor) with { Networks = ["storage"] }), Is.EqualTo(3));
        Assert.That(merged.Fits(ChooseHostTests.Request(Flavor) with { Networks = ["management", "storage"] }), Is.Zero);
    }

    [Test]
    public void Given_equal_children_then_the_seed_draws_and_the_same_seed_draws_the_same()
    {
        var drawn = Enumerable.Range(0, 50).Select(seed => Decide(seed)).ToList();

        Assert.That(drawn.Distinct().Count(), Is.EqualTo(2), "both equals are drawn by some seed");
        Assert.That(Enumerable.Range(0, 50).Select(seed => Decide(seed)), Is.EqualTo(drawn));

        static CellName Decide(int seed) => ChooseCell.Decide(
            Global, [Child("east", 4_096), Child("west", 4_096)], ChooseHostTests.Request(Flavor), new Random(seed)).Child!.Value;
    }

    private static CellDecision Decide(PlacementRequest request, params ChildState[] children) =>
        ChooseCell.Decide(Global, children, request, new Random(1));

    private static ChildState Child(string name, long freeMib, IReadOnlyList<string>? networks = null)
    {
        var capacity = new ChildCapacity();
        capacity.Update(new CapacitySummary(0, [new HostGroup("standard", "nova", [], [new FreeVector(8, freeMib, 100 * Units.Gib, 1)], networks)], []));
        return new ChildState(CellName.Parse(name), Silent: false, capacity, [CellName.Parse(name)]);
    }
}
