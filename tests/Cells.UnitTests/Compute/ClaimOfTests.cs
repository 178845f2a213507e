using Cells.Compute.Instances;
using Cells.Compute.Placement;
using Cells.Contracts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

public sealed class ClaimOfTests
{
    private static readonly Place There = Rows.Place with { Host = new HostId(Guid.Parse("77777777-7777-7777-7777-777777777777")), HostName = "host-2" };
    private static readonly Flavor Small = Rows.Build().Flavor, Large = new("2", "large", 4, 2048, 3);

    [Test]
    public void A_row_without_a_place_holds_nothing([Values] bool deleted) =>
        Assert.That(ClaimOf.Held(deleted ? Rows.Deleted() : Rows.Failed()), Is.Empty);

    [Test]
    public void A_row_on_its_way_to_another_host_holds_both_and_one_disk_that_both_see()
    {
        var row = Rows.Active() with { Destination = new SecondPlace(There, Small, HasDisk: false, VmState.Active) };

        var held = ClaimOf.Held(row);

        Assert.That(held.Where(h => h.Role == ClaimRole.Destination).Select(h => (h.Part.Provider, h.Part.Resource)), Is.EqualTo(new[]
        {
            (ProviderId.Of(There.Host), Resource.Vcpu), (ProviderId.Of(There.Host), Resource.MemoryMib),
        }));
        Assert.That(held.Where(h => h.Role == ClaimRole.Current).Select(h => h.Part), Is.EqualTo(ClaimOf.Held(Rows.Active()).Select(h => h.Part)));
    }

    [Test]
    public void On_its_own_host_the_second_place_takes_the_difference_and_a_whole_disk()
    {
        var row = Rows.Active() with { Destination = new SecondPlace(Rows.Place, Large, HasDisk: true, VmState.Active) };

        var beyond = ClaimOf.Held(row).Where(h => h.Role == ClaimRole.Destination).ToDictionary(h => h.Part.Resource, h => h.Part.Amount);

        Assert.That(beyond[Resource.Vcpu], Is.EqualTo(3));
        Assert.That(beyond[Resource.DiskBytes], Is.EqualTo(3 * Units.Gib));
        Assert.That(Sums(row).Single(s => s.Key.Resource == Resource.MemoryMib).Value,
            Is.EqualTo(Sums(Rows.Active() with { Command = Rows.Build() with { Flavor = Large } }).Single(s => s.Key.Resource == Resource.MemoryMib).Value));
    }

    [Test]
    public void A_smaller_flavor_on_its_own_host_takes_no_more_of_the_host()
    {
        var row = Rows.Active() with { Command = Rows.Build() with { Flavor = Large }, Destination = new SecondPlace(Rows.Place, Small with { DiskGib = 3 }, HasDisk: true, VmState.Active) };

        Assert.That(ClaimOf.Held(row).Where(h => h.Role == ClaimRole.Destination).Select(h => h.Part.Resource), Is.EqualTo(new[] { Resource.DiskBytes }));
    }

    /// <summary>So the change that makes the destination the instance's place asks for nothing, and cannot be refused.</summary>
    [Test]
    public void What_is_held_of_each_provider_is_the_same_before_and_after_the_two_places_change_roles([Values(1, 2, 3, 4, 5)] int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var (from, to) = (AnyFlavor(random), AnyFlavor(random));
            var place = random.Next(2) == 0 ? Rows.Place : There with { Sr = random.Next(2) == 0 ? There.Sr : new SrId(Guid.Parse("88888888-8888-8888-8888-888888888888")) };
            var before = Rows.Active() with { Command = Rows.Build() with { Flavor = from }, Destination = new SecondPlace(place, to, HasDisk: true, VmState.Active) };
            var after = before with { Command = Rows.Build() with { Flavor = to }, Place = place, Destination = null, Origin = new SecondPlace(Rows.Place, from, HasDisk: true, VmState.Active) };

            Assert.That(Sums(after), Is.EqualTo(Sums(before)), $"seed {seed}, round {round}: {from} to {to}");
        }
    }

    private static Flavor AnyFlavor(Random random) => new("x", "x", random.Next(1, 9), 256L * random.Next(1, 17), random.Next(1, 5));

    private static SortedDictionary<(string Provider, Resource Resource), long> Sums(Instance row)
    {
        var sums = new SortedDictionary<(string Provider, Resource Resource), long>();
        foreach (var (_, part) in ClaimOf.Held(row))
            sums[(part.Provider.ToString(), part.Resource)] = sums.GetValueOrDefault((part.Provider.ToString(), part.Resource)) + part.Amount;
        return sums;
    }
}
