using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Links;

public sealed class LinkPropertyTests
{
    [Test]
    public void Whatever_is_lost_doubled_reordered_or_crashed_each_message_takes_effect_once_and_in_order_and_state_converges(
        [Range(1, 25)] int seed)
    {
        var random = new Random(seed * 7919);
        var world = new LinkWorld(seed);
        world.Up.Start();
        world.Down.Start();

        for (var step = 0; step < 6_000; step++)
        {
            world.StepAtRandom(loss: 0.1, doubling: 0.1);
            switch (random.Next(400))
            {
                case < 20: world.Send(world.Up, $"k{random.Next(5)}"); break;
                case < 40: world.Send(world.Down, $"k{random.Next(5)}"); break;
                case < 60: world.Down.Data.CommitNow(new ChangeRow($"r{random.Next(20)}", $"v{step}")); break;
                case 60: Restart(world.Up); break;
                case 61: Restart(world.Down); break;
                case 62: world.Transport.Frames.Clear(); break;     // the transport is wiped
            }
        }
        world.RunFor(TimeSpan.FromSeconds(60));

        var story = $"seed {seed}";
        Assert.Multiple(() =>
        {
            Assert.That(world.Up.Data.Violations.Concat(world.Down.Data.Violations), Is.Empty, story);
            for (var key = 0; key < 5; key++)
            {
                Assert.That(world.Down.Data.Applied.GetValueOrDefault($"k{key}"), Is.EqualTo(world.Intents(world.Up, $"k{key}")), $"{story}, down k{key}");
                Assert.That(world.Up.Data.Applied.GetValueOrDefault($"k{key}"), Is.EqualTo(world.Intents(world.Down, $"k{key}")), $"{story}, up k{key}");
            }
            Assert.That(world.Up.Data.Copies, Is.EqualTo(world.Down.Data.Rows), story);
            Assert.That(world.Up.Data.Link(LinkWorld.Child).Outbox, Is.Empty, story);
            Assert.That(world.Down.Data.Link(LinkWorld.Parent).Outbox, Is.Empty, story);
            Assert.That(world.Up.Status.Health, Is.EqualTo(NeighbourHealth.Up), story);
            Assert.That(world.Down.Status.Health, Is.EqualTo(NeighbourHealth.Up), story);
            Assert.That(world.Up.Resets.Concat(world.Down.Resets), Is.Empty, $"{story}: no past was changed");
        });
    }

    private static void Restart(LinkWorld.Node node)
    {
        node.Crash();
        node.Start();
    }
}
