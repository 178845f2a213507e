using Cells.Compute.Hosts;
using Cells.Compute.Instances;
using Cells.Compute.Workflows;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.Hosts;

public sealed class HostPlacesTests
{
    [Test]
    public void What_moves_bytes_is_bounded_and_takes_no_place_from_what_does_not()
    {
        var places = new HostPlaces(steps: 1, transfers: 2);
        var (copy, migrate, start) = (Step("copy-disk"), Step("migrate"), Step("power-on"));

        places.Take(copy);
        places.Take(migrate);
        Assert.That(new[] { copy, migrate, Step("send-image") }.Select(places.HasRoomFor), Is.All.False);
        Assert.That(places.HasRoomFor(start));

        places.Take(start);
        places.Leave(copy);
        Assert.That((places.HasRoomFor(start), places.HasRoomFor(migrate)), Is.EqualTo((false, true)));
    }

    [Test]
    public void A_wait_takes_no_place() => Assert.That(new HostPlaces(steps: 0, transfers: 0).HasRoomFor(Step("ensure-image")));

    [Test]
    public void A_delete_cuts_what_only_waits_or_reads() => Assert.That(
        All.Where(step => step.MayBeCut).Select(step => step.Name).Distinct(), Is.EquivalentTo(new[] { "ensure-image", "send-image" }));

    private static IEnumerable<WorkflowStep> All => Enum.GetValues<WorkflowKind>().SelectMany(Steps.Of);

    private static WorkflowStep Step(string name) => All.First(step => step.Name == name);
}
