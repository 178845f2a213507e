using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Links;

/// <summary>A join token gives a child a time in which its parent may meet it; one that was met may come at any time.</summary>
public sealed class JoinOverTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public void A_child_that_was_never_met_is_refused_when_its_time_is_over()
    {
        var world = new LinkWorld(1) { Keys = new KeysUntil(Start.AddSeconds(5)) };
        world.Up.Start();
        world.RunFor(TimeSpan.FromSeconds(6));

        world.Down.Start();
        world.Send(world.Up, "a");
        world.RunFor(TimeSpan.FromSeconds(10));

        Assert.That(world.Up.Status.Health, Is.EqualTo(NeighbourHealth.Down));
        Assert.That(world.Up.Status.Problem, Does.Contain("east-1 came after its join token had ended").And.Contain("`cells cell token`"));
        Assert.That(world.Down.Data.Applied, Is.Empty);
    }

    [Test]
    public void A_child_that_was_met_in_time_may_come_again_after_it()
    {
        var world = new LinkWorld(1) { Keys = new KeysUntil(Start.AddSeconds(5)) };
        world.Up.Start();
        world.Down.Start();
        world.RunFor(TimeSpan.FromSeconds(4));

        world.Down.Crash();
        world.Up.Crash();
        world.RunFor(TimeSpan.FromSeconds(60));
        world.Up.Start();
        world.Down.Start();
        world.Send(world.Up, "a");
        world.RunFor(TimeSpan.FromSeconds(10));

        Assert.That((world.Up.Status.Health, world.Up.Status.Problem), Is.EqualTo((NeighbourHealth.Up, (string?)null)));
        Assert.That(world.Down.Data.Applied["a"], Is.EqualTo(1));
    }

    private sealed class KeysUntil(DateTimeOffset end) : ILinkKeys
    {
        private readonly DerivedLinkKeys _keys = new(new byte[32]);

        public LinkKey? Find(CellName from, CellName to) => _keys.Find(from, to);

        public DateTimeOffset? JoinBefore(CellName neighbour, CellName cell) => neighbour == LinkWorld.Child ? end : null;
    }
}
