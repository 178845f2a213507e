using Cells.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Actors;

public sealed class DeathWatchTests : SteppedFixture
{
    [Test]
    public void Terminated_comes_once_and_after_the_last_message()
    {
        var watcher = Start(Note("w"), "w");
        var actor = Start(Note("a"), "a");
        TellAndRun(watcher, Do(w =>
        {
            w.Context.Watch(actor);
            w.Context.Watch(actor);
        }));

        actor.Tell(Do(a =>
        {
            watcher.Tell("last words");
            a.Context.Stop(a.Context.Self);
        }));
        World.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(Log[^3..], Is.EqualTo(new[] { "w: last words", "a: stopped", "w: terminated a" }));
    }

    [Test]
    public void A_parent_that_watches_its_child_is_told_once()
    {
        var parent = Start(Note("p", preStart: p => p.Context.Watch(p.Context.ActorOf(Note("c"), "c"))), "p");

        TellAndRun(parent, Do(p => p.Context.Stop(p.Context.Child("c"))));

        Assert.That(Log.Count(line => line == "p: terminated c"), Is.EqualTo(1));
    }

    [Test]
    public void Watching_one_that_has_terminated_is_told_at_once()
    {
        var watcher = Start(Note("w"), "w");
        var actor = Start(Note("a"), "a");
        System.Stop(actor);
        World.RunUntilIdle();

        TellAndRun(watcher, Do(w => w.Context.Watch(actor)));

        Assert.That(Log.Count(line => line == "w: terminated a"), Is.EqualTo(1));
    }

    [Test]
    public void After_unwatch_no_terminated_comes_not_even_one_that_waits_in_the_mailbox()
    {
        var watcher = Start(Note("w"), "w");
        var actor = Start(Note("a"), "a");
        TellAndRun(watcher, Do(w => w.Context.Watch(actor)));

        watcher.Tell(Do(w =>
        {
            System.Stop(actor);
            w.Context.Self.Tell(Do(v => v.Context.Unwatch(actor)));
        }));
        StepUntil(() => Log.Contains("a: stopped"));
        World.RunUntilIdle();

        Assert.That(Log, Does.Not.Contain("w: terminated a"));
    }

    [Test]
    public void A_restart_is_not_a_termination()
    {
        var watcher = Start(Note("w"), "w");
        var actor = Start(Note("a"), "a");
        TellAndRun(watcher, Do(w => w.Context.Watch(actor)));

        TellAndRun(actor, Throw("boom"));
        World.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(Log, Does.Contain("a: restarted").And.Not.Contain("w: terminated a"));
    }

    [Test]
    public void A_watcher_without_a_handler_for_terminated_is_stopped()
    {
        var actor = Start(Note("a"), "a");
        var watcher = Start(Note("w"), "w");
        TellAndRun(watcher, Do(w =>
        {
            w.Context.Watch(actor);
            w.Become(() => w.On<string>(w.Note));
        }));

        System.Stop(actor);
        World.RunUntilIdle();

        Assert.That(Log[^1], Is.EqualTo("w: stopped"));
    }

    [Test]
    public void Whatever_the_order_of_watch_unwatch_and_stop_each_watch_is_told_once_and_nothing_comes_unwatched([NUnit.Framework.Range(1, 30)] int seed)
    {
        var random = new Random(seed);
        var (watched, told, wrong) = (false, 0, 0);
        var actor = System.ActorOf(Note("a"), "a");
        var watcher = Start(Note("w", constructing: w => w.On<Terminated>(_ =>
        {
            wrong += watched ? 0 : 1;
            watched = false;
            told++;
        })), "w");

        for (var i = 0; i < 20; i++)
        {
            watcher.Tell(random.Next(2) == 0
                ? Do(w => { w.Context.Watch(actor); watched = true; })
                : Do(w => { w.Context.Unwatch(actor); watched = false; }));
            if (i == 10)
                System.Stop(actor);
            while (World.Count > 0 && random.Next(3) > 0)
                World.RunOne(random.Next(World.Count));
        }
        World.RunUntilIdle();
        Assert.That((watched, wrong), Is.EqualTo((false, 0)), $"seed {seed}: a watch of the dead was never told, or an unwatched death was");

        var before = told;
        TellAndRun(watcher, Do(w => { w.Context.Watch(actor); watched = true; }));
        Assert.That((told - before, wrong), Is.EqualTo((1, 0)), $"seed {seed}");
    }

    private void StepUntil(Func<bool> reached)
    {
        while (!reached())
            World.RunOne(World.Count - 1);
    }
}
