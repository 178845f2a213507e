using Cells.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Actors;

public sealed class LifeCycleTests : SteppedFixture
{
    [Test]
    public void An_actor_is_constructed_in_its_own_turn_and_handles_messages_in_order()
    {
        var actor = System.ActorOf(Note("a"), "a");
        actor.Tell("one");
        actor.Tell("two");
        Assert.That(Log, Is.Empty);

        World.RunUntilIdle();

        Assert.That(Log, Is.EqualTo(new[] { "a: constructed", "a: started", "a: one", "a: two" }));
        Assert.That(actor.Path.ToString(), Is.EqualTo("cell/user/a"));
    }

    [Test]
    public void A_stop_ends_children_before_their_parent_and_frees_the_name()
    {
        var parent = Start(Note("p", preStart: p =>
        {
            p.Context.ActorOf(Note("b"), "b");
            p.Context.ActorOf(Note("a"), "a");
        }), "p");
        Log.Clear();

        System.Stop(parent);
        World.RunUntilIdle();

        Assert.That(Log, Is.EqualTo(new[] { "a: stopped", "b: stopped", "p: stopped" }));
        var next = Start(Note("p"), "p");
        Assert.That(next, Is.Not.EqualTo(parent));
        Assert.That(next.Path, Is.EqualTo(parent.Path));
    }

    [Test]
    public void A_name_that_is_taken_or_malformed_is_refused()
    {
        Start(Note("a"), "a");

        Assert.That(() => System.ActorOf(Note("a"), "a"), Throws.TypeOf<InvalidActorNameException>().With.Message.Contains("cell/user has a child 'a'"));
        Assert.That(() => System.ActorOf(Note("a"), "a/b"), Throws.TypeOf<InvalidActorNameException>().With.Message.Contains("'a/b'"));
        Assert.That(() => System.ActorOf(Note("a"), "$a"), Throws.TypeOf<InvalidActorNameException>());
    }

    [Test]
    public void Children_are_listed_by_name_and_a_missing_one_is_nobody()
    {
        IReadOnlyList<string> names = [];
        var missing = false;
        var parent = Start(Note("p"), "p");

        TellAndRun(parent, Do(p =>
        {
            foreach (var name in new[] { "c", "a", "B" })
                p.Context.ActorOf(Note(name), name);
            names = [.. p.Context.Children.Select(child => child.Name)];
            missing = p.Context.Child("d").IsNobody();
        }));

        Assert.That(names, Is.EqualTo(new[] { "B", "a", "c" }));
        Assert.That(missing, Is.True);
    }

    [Test]
    public void A_poison_pill_stops_after_the_messages_before_it_and_the_rest_are_dead_letters()
    {
        var actor = Start(Note("a"), "a");

        actor.Tell("before");
        actor.Tell(PoisonPill.Instance);
        actor.Tell("after");
        World.RunUntilIdle();
        actor.Tell("later");

        Assert.That(Log[^2..], Is.EqualTo(new[] { "a: before", "a: stopped" }));
        Assert.That(System.DeadLetters.Counts, Is.EqualTo(new[] { new DeadLetterCount("cell/user/a", "String", DeadLetterReason.Stopped, 2) }));
    }

    [Test]
    public void An_actor_made_with_new_is_refused()
    {
        Assert.That(() => new Noting("x", Log), Throws.TypeOf<ActorInitializationException>().With.Message.Contains("ActorOf"));
    }

    [Test]
    public void The_context_is_refused_outside_of_the_actors_turn()
    {
        Noting? leaked = null;
        var actor = Start(Note("a", constructing: a => leaked = a), "a");

        Assert.That(() => leaked!.Context, Throws.InvalidOperationException.With.Message.Contains(actor.Path.ToString()).And.Message.Contains("PipeToSelf"));
    }

    [Test]
    public void Become_replaces_the_handlers_and_a_restart_brings_the_first_ones_back()
    {
        var actor = Start(Note("a"), "a");

        TellAndRun(actor, Do(a => a.Become(() =>
        {
            a.On<string>(text => a.Note($"other {text}"));
            a.On<int>(_ => throw new InvalidOperationException("boom"));
        })));
        TellAndRun(actor, "1");
        TellAndRun(actor, 7);
        World.RunFor(Ms(100));
        TellAndRun(actor, "2");

        Assert.That(Log, Does.Contain("a: other 1"));
        Assert.That(Log[^1], Is.EqualTo("a: 2"));
    }

    [Test]
    public void What_no_handler_takes_is_counted_as_unhandled()
    {
        var actor = Start(Note("a"), "a");

        TellAndRun(actor, 5);
        TellAndRun(actor, 6);

        Assert.That(System.DeadLetters.Counts, Is.EqualTo(new[] { new DeadLetterCount("cell/user/a", "Int32", DeadLetterReason.Unhandled, 2) }));
    }

    [Test]
    public void Tell_in_a_handler_names_the_actor_as_sender_and_outside_nobody()
    {
        var echo = Start(Note("echo", constructing: e => e.On<int>(n => e.Sender.Tell($"{n} back"))), "echo");
        var asker = Start(Note("asker"), "asker");

        TellAndRun(asker, Do(_ => echo.Tell(1)));
        TellAndRun(echo, 2);

        Assert.That(Log[^1], Is.EqualTo("asker: 1 back"));
        Assert.That(System.DeadLetters.Counts, Is.EqualTo(new[] { new DeadLetterCount("cell/deadLetters", "String", DeadLetterReason.NoRecipient, 1) }));
    }

    [Test]
    public void Stashed_messages_come_back_before_those_that_wait()
    {
        var open = false;
        var actor = Start(Note("a", constructing: a => a.On<int>(n =>
        {
            if (open)
                a.Note($"{n}");
            else
                a.Stash.Stash();
        })), "a");

        actor.Tell(1);
        actor.Tell(2);
        World.RunUntilIdle();
        open = true;
        actor.Tell(Do(a => a.Stash.UnstashAll()));
        actor.Tell(3);
        World.RunUntilIdle();

        Assert.That(Log[^3..], Is.EqualTo(new[] { "a: 1", "a: 2", "a: 3" }));
    }

    [Test]
    public void One_object_told_twice_is_stashed_twice_and_one_message_only_once()
    {
        var (question, open, twice) = (new Version(1, 0), false, (Exception?)null);
        var actor = Start(Note("a", constructing: a => a.On<Version>(_ =>
        {
            if (open)
            {
                a.Note("answered");
                return;
            }
            a.Stash.Stash();
            twice = Assert.Catch(a.Stash.Stash);
        })), "a");

        actor.Tell(question);
        actor.Tell(question);
        World.RunUntilIdle();
        open = true;
        TellAndRun(actor, Do(a => a.Stash.UnstashAll()));

        Assert.That(Log.Count(l => l == "a: answered"), Is.EqualTo(2));
        Assert.That(twice, Is.TypeOf<InvalidOperationException>());
    }

    [Test]
    public void Stopping_is_cancelled_by_a_stop_and_by_a_restart_for_the_old_instance_only()
    {
        var tokens = new List<CancellationToken>();
        var actor = Start(Note("a", preStart: a => tokens.Add(a.Stopping)), "a");

        TellAndRun(actor, Throw("boom"));
        World.RunFor(Ms(100));
        Assert.That(tokens.Select(token => token.IsCancellationRequested), Is.EqualTo(new[] { true, false }));

        System.Stop(actor);
        World.RunUntilIdle();
        Assert.That(tokens.Select(token => token.IsCancellationRequested), Is.EqualTo(new[] { true, true }));
    }
}
