using Cells.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Actors;

public sealed class SupervisionTests : SteppedFixture
{
    [Test]
    public void A_failed_actor_restarts_after_the_back_off_keeps_its_mailbox_and_stops_its_children()
    {
        var actor = Start(Note("a", preStart: a => a.Context.ActorOf(Note("child"), "child")), "a");
        Log.Clear();

        actor.Tell(Throw("boom"));
        actor.Tell("queued");
        World.RunUntilIdle();
        World.RunFor(Ms(99));
        Assert.That(Log, Is.Empty);
        World.RunFor(Ms(1));

        Assert.That(Log, Is.EqualTo(new[]
        {
            "a: restarting after boom", "a: stopped", "child: stopped",
            "a: constructed", "a: restarted", "a: started", "child: constructed", "child: started", "a: queued",
        }));
    }

    [Test]
    public void The_back_off_doubles_up_to_its_bound_and_begins_anew_after_the_range()
    {
        var strategy = new OneForOneStrategy(-1, TimeSpan.FromSeconds(10), minBackoff: Ms(100), maxBackoff: Ms(300));
        var parent = Start(Note("p", preStart: p => p.Context.ActorOf(Note("c"), "c")).WithSupervisorStrategy(strategy), "p");
        var child = ChildOf(parent, "c");

        var waits = new List<double>();
        for (var i = 0; i < 4; i++)
            waits.Add(FailAndWaitForRestart(child));
        World.RunFor(TimeSpan.FromSeconds(10));
        waits.Add(FailAndWaitForRestart(child));

        Assert.That(waits, Is.EqualTo(new double[] { 100, 200, 300, 300, 100 }));
    }

    [Test]
    public void Too_many_failures_stop_the_child_and_fail_its_supervisor()
    {
        var strategy = new OneForOneStrategy(2, TimeSpan.FromMinutes(1), minBackoff: TimeSpan.Zero);
        var parent = Start(Note("p", preStart: p => p.Context.ActorOf(Note("c"), "c")).WithSupervisorStrategy(strategy), "p");
        var child = ChildOf(parent, "c");

        for (var i = 0; i < 3; i++)
            TellAndRun(child, Throw("boom"));
        World.RunFor(Ms(100));

        Assert.That(Log.Count(line => line == "c: restarted"), Is.EqualTo(2));
        Assert.That(Log, Does.Contain("p: restarting after cell/user/p/c failed again after 2 restarts and was stopped: boom"));
        Assert.That(ChildOf(parent, "c"), Is.Not.EqualTo(child).And.Not.EqualTo(ActorRefs.Nobody));
    }

    [Test]
    public void A_failure_that_reaches_the_top_terminates_the_system_and_is_its_fault()
    {
        Start(Note("other"), "other");
        var actor = Start(Note("a"), "a");

        for (var i = 0; i < 11; i++)
        {
            TellAndRun(actor, Throw($"boom {i}"));
            World.RunFor(Ms(Math.Min(100 << i, 10_000)));
        }

        Assert.That(System.WhenTerminated.IsCompletedSuccessfully, Is.True);
        Assert.That(System.Fault, Is.TypeOf<RestartsExhaustedException>());
        Assert.That(System.Fault!.InnerException!.Message, Is.EqualTo("boom 10"));
        Assert.That(Log, Does.Contain("other: stopped"));
    }

    [Test]
    public void Resume_goes_on_with_the_same_instance_and_the_next_message()
    {
        var parent = Start(Note("p", preStart: p => p.Context.ActorOf(Note("c", preStart: c => c.Context.ActorOf(Note("g"), "g")), "c"))
            .WithSupervisorStrategy(new OneForOneStrategy(-1, TimeSpan.Zero, _ => Directive.Resume)), "p");
        var child = ChildOf(parent, "c");
        Log.Clear();

        child.Tell(Throw("boom"));
        child.Tell(Do(c => c.Context.Child("g").Tell("down")));
        child.Tell("next");
        World.RunUntilIdle();

        Assert.That(Log, Is.EquivalentTo(new[] { "c: next", "g: down" }));
    }

    [Test]
    public void A_supervisor_that_goes_on_after_its_own_failure_does_not_wake_a_child_that_waits_for_its_restart()
    {
        var top = Start(Note("t", preStart: t => t.Context.ActorOf(Note("p", preStart: p => p.Context.ActorOf(Note("c"), "c")), "p"))
            .WithSupervisorStrategy(new OneForOneStrategy(-1, TimeSpan.Zero, _ => Directive.Resume)), "t");
        var parent = ChildOf(top, "p");
        var child = ChildOf(parent, "c");

        TellAndRun(child, Throw("child"));
        TellAndRun(parent, Throw("parent"));
        TellAndRun(child, "while failed");
        Assert.That(Log, Does.Not.Contain("c: while failed"));
        World.RunFor(Ms(100));

        Assert.That(Log[^4..], Is.EqualTo(new[] { "c: constructed", "c: restarted", "c: started", "c: while failed" }));
    }

    [Test]
    public void Escalate_fails_the_supervisor_with_the_childs_error()
    {
        var parent = Start(Note("p", preStart: p => p.Context.ActorOf(Note("c"), "c"))
            .WithSupervisorStrategy(new OneForOneStrategy(-1, TimeSpan.Zero, _ => Directive.Escalate)), "p");

        TellAndRun(ChildOf(parent, "c"), Throw("boom"));
        World.RunFor(Ms(100));

        Assert.That(Log, Does.Contain("p: restarting after boom"));
        Assert.That(Log.Count(line => line == "c: stopped"), Is.EqualTo(1));
    }

    [TestCase(true, TestName = "A constructor that throws stops the actor")]
    [TestCase(false, TestName = "A PreStart that throws stops the actor")]
    public void An_actor_that_cannot_start_is_stopped(bool inConstructor)
    {
        var attempts = 0;
        void Fail(Noting _)
        {
            attempts++;
            throw new InvalidOperationException("no");
        }

        var watcher = Start(Note("w"), "w");
        var actor = System.ActorOf(inConstructor ? Note("a", constructing: Fail) : Note("a", preStart: Fail), "a");
        watcher.Tell(Do(w => w.Context.Watch(actor)));
        actor.Tell("lost");
        World.RunFor(TimeSpan.FromMinutes(1));

        Assert.That(attempts, Is.EqualTo(1));
        Assert.That(Log, Does.Not.Contain("a: stopped").And.Contain("w: terminated a"));
        Assert.That(System.DeadLetters.Counts.Single().Reason, Is.EqualTo(DeadLetterReason.Stopped));
    }

    [Test]
    public void An_actor_that_waits_for_its_restart_can_be_stopped_and_stays_so()
    {
        var actor = Start(Note("a"), "a");
        TellAndRun(actor, Throw("boom"));

        System.Stop(actor);
        World.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(Log[^1], Is.EqualTo("a: stopped"));
        Assert.That(Log, Does.Not.Contain("a: restarted"));
    }

    [Test]
    public void Whatever_fails_in_whatever_order_every_message_is_handled_once_or_was_the_failing_one([NUnit.Framework.Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var strategy = new OneForOneStrategy(-1, TimeSpan.Zero, _ => random.Next(2) == 0 ? Directive.Restart : Directive.Resume);
        var seen = new List<int>();
        var parent = Start(Note("p", preStart: p => p.Context.ActorOf(Note("c", constructing: c => c.On<int>(seen.Add)), "c")).WithSupervisorStrategy(strategy), "p");
        var child = ChildOf(parent, "c");

        for (var i = 0; i < 300; i++)
        {
            child.Tell(i);
            if (random.Next(5) == 0)
                child.Tell(Throw("boom"));
            if (World.Count > 0 && random.Next(2) == 0)
                World.RunOne(random.Next(World.Count));
            if (World.NextDue is { } due && random.Next(4) == 0)
                World.FireDue(due);
        }
        World.RunFor(TimeSpan.FromHours(1));

        Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 300)), $"seed {seed}");
    }

    private IActorRef ChildOf(IActorRef parent, string name)
    {
        IActorRef? child = null;
        TellAndRun(parent, Do(p => child = p.Context.Child(name)));
        return child!;
    }

    private double FailAndWaitForRestart(IActorRef child)
    {
        var began = World.Time.Elapsed;
        var before = Log.Count(line => line == "c: restarted");
        TellAndRun(child, Throw("boom"));
        while (Log.Count(line => line == "c: restarted") == before)
        {
            World.FireDue(World.NextDue!.Value);
            World.RunUntilIdle();
        }
        return (World.Time.Elapsed - began).TotalMilliseconds;
    }
}
