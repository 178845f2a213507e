using Cells.Compute.Placement;
using NUnit.Framework;

namespace Cells.UnitTests.Compute;

public sealed class WorkCounterTests
{
    [Test]
    public void The_count_stops_below_the_first_message_that_is_not_counted_yet()
    {
        var counter = new WorkCounter();

        foreach (var number in new long[] { 2, 3, 1, 5, 1 })
            counter.Count(number);

        Assert.That(counter.UpTo, Is.EqualTo(3));
    }

    [Test]
    public void What_the_link_has_acknowledged_is_counted_whoever_counted_it()
    {
        var counter = new WorkCounter();
        counter.Count(12);

        counter.AtLeast(10);
        Assert.That(counter.UpTo, Is.EqualTo(10));

        counter.Count(11);
        counter.AtLeast(3);
        Assert.That(counter.UpTo, Is.EqualTo(12));
    }
}
