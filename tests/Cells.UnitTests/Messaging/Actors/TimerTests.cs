using Cells.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Actors;

public sealed class TimerTests : SteppedFixture
{
    [Test]
    public void A_single_timer_rings_once_and_is_active_until_handled()
    {
        var active = new List<bool>();
        var actor = Start(Note("a", preStart: a => a.Timers.StartSingleTimer("k", "rung", Ms(10))), "a");

        void Look() => TellAndRun(actor, Do(a => active.Add(a.Timers.IsTimerActive("k"))));
        Look();
        World.RunFor(Ms(50));
        Look();

        Assert.That(Log.Count(line => line == "a: rung"), Is.EqualTo(1));
        Assert.That(active, Is.EqualTo(new[] { true, false }));
        Assert.That(World.NextDue, Is.Null);
    }

    [Test]
    public void A_periodic_timer_rings_each_interval_until_cancelled()
    {
        var actor = Start(Note("a", preStart: a => a.Timers.StartPeriodicTimer("k", "tick", Ms(10))), "a");

        World.RunFor(Ms(35));
        TellAndRun(actor, Do(a => a.Timers.Cancel("k")));
        World.RunFor(Ms(100));

        Assert.That(Log.Count(line => line == "a: tick"), Is.EqualTo(3));
        Assert.That(World.NextDue, Is.Null);
    }

    [Test]
    public void A_message_that_is_in_the_mailbox_when_its_timer_is_cancelled_never_arrives()
    {
        var actor = Start(Note("a", preStart: a => a.Timers.StartSingleTimer("k", "rung", Ms(10))), "a");

        actor.Tell(Do(a => a.Timers.Cancel("k")));
        World.FireDue(Ms(10));
        World.RunUntilIdle();

        Assert.That(Log, Does.Not.Contain("a: rung"));
    }

    [Test]
    public void A_message_that_is_in_the_mailbox_when_its_timer_is_replaced_never_arrives()
    {
        var actor = Start(Note("a", preStart: a => a.Timers.StartSingleTimer("k", "old", Ms(10))), "a");

        actor.Tell(Do(a => a.Timers.StartSingleTimer("k", "new", Ms(10))));
        World.FireDue(Ms(10));
        World.RunFor(Ms(10));

        Assert.That(Log[^1], Is.EqualTo("a: new"));
        Assert.That(Log, Does.Not.Contain("a: old"));
    }

    [Test]
    public void A_timer_of_the_instance_before_a_restart_never_arrives()
    {
        var starts = 0;
        var actor = Start(Note("a", preStart: a => a.Timers.StartSingleTimer("k", $"rung {++starts}", Ms(10))), "a");

        TellAndRun(actor, Throw("boom"));
        World.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(Log.Where(line => line.StartsWith("a: rung", StringComparison.Ordinal)), Is.EqualTo(new[] { "a: rung 2" }));
    }

    [Test]
    public void A_stop_cancels_the_timers_without_dead_letters()
    {
        var actor = Start(Note("a", preStart: a => a.Timers.StartPeriodicTimer("k", "tick", Ms(10))), "a");

        World.FireDue(Ms(10));
        System.Stop(actor);
        World.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(World.NextDue, Is.Null);
        Assert.That(System.DeadLetters.Counts, Is.Empty);
    }
}
