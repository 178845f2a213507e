using Cells.Api.Admin;
using Cells.Api.Admin.Events;
using Cells.Messaging.Actors;
using Cells.Messaging.Storage;
using Cells.UnitTests.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Admin;

/// <summary>When a follower is woken, and what it hears of cells and links.</summary>
public sealed class EventsTests : SteppedFixture
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    private static readonly CellView East =
        new("east", "global", "global.east", "routing", Hosts: 2, HostsUp: 2, Instances: 0, Silent: false, HeardSecondsAgo: 1, Capacity: null);

    private static readonly LinkView Link = new("east", "child", "up", 1, 0, 0, 0, 0, 0, 0, Parked: 0, Refused: 0, Problem: null);

    [Test]
    public void A_follower_is_woken_a_moment_after_a_commit_above_its_number()
    {
        var watch = Start(Props.Create(() => new ChangeWatch()), "watch");
        var waiting = Wait(watch, 7);

        TellAndRun(watch, new GroupCommitted([], 7));
        World.RunFor(Ms(200));
        Assert.That(waiting.IsCompleted, Is.False, "it has heard of 7");

        TellAndRun(watch, new GroupCommitted([], 9));
        TellAndRun(watch, new GroupCommitted([], null));
        World.RunFor(Ms(99));
        Assert.That(waiting.IsCompleted, Is.False, "what comes together is read together");
        World.RunFor(Ms(1));
        Assert.That(waiting.IsCompletedSuccessfully);
    }

    [Test]
    public void What_was_committed_before_it_waits_wakes_it_too()
    {
        var watch = Start(Props.Create(() => new ChangeWatch()), "watch");
        TellAndRun(watch, new GroupCommitted([], 9));

        var waiting = Wait(watch, 7);
        World.RunFor(Ms(100));

        Assert.That(waiting.IsCompletedSuccessfully);
    }

    [Test]
    public void Without_commits_it_is_woken_once_a_second()
    {
        var watch = Start(Props.Create(() => new ChangeWatch()), "watch");
        var waiting = Wait(watch, 7);

        World.RunFor(Ms(999));
        Assert.That(waiting.IsCompleted, Is.False);
        World.RunFor(Ms(1));
        Assert.That(waiting.IsCompletedSuccessfully);
    }

    [Test]
    public void Cells_and_links_are_told_when_what_matters_of_them_changes()
    {
        var before = new Surroundings([East], [Link]);

        Assert.Multiple(() =>
        {
            Assert.That(Told(before with { Cells = [East with { HeardSecondsAgo = 3, Instances = 5 }], Links = [Link with { OutboxBacklog = 4 }] }), Is.Empty);
            Assert.That(Told(before with { Cells = [East with { Silent = true }] }), Is.EqualTo(new[] { "cell global.east silent: silent, 2/2 hosts up" }));
            Assert.That(Told(before with { Cells = [East with { HostsUp = 1 }] }), Is.EqualTo(new[] { "cell global.east heard: heard, 1/2 hosts up" }));
            Assert.That(Told(before with { Cells = [East, East with { Name = "new", Path = "global.new" }] }), Is.EqualTo(new[] { "cell global.new heard: heard, 2/2 hosts up" }));
            Assert.That(Told(before with { Links = [Link with { Health = "down" }] }), Is.EqualTo(new[] { "link east down: down" }));
            Assert.That(Told(before with { Links = [Link with { Parked = 2, Problem = "other past" }] }), Is.EqualTo(new[] { "link east up: up, 2 parked, other past" }));
        });

        IEnumerable<string> Told(Surroundings now) => now.Since(before, 7, Now).Select(e => $"{e.Kind} {e.Name} {e.State}: {e.Text}");
    }

    private Task<ChangeWatch.Woken> Wait(IActorRef watch, long above)
    {
        var waiting = watch.Ask<ChangeWatch.Woken>(new ChangeWatch.WaitAbove(above), TimeSpan.FromSeconds(10), CancellationToken.None);
        World.RunUntilIdle();
        return waiting;
    }
}
