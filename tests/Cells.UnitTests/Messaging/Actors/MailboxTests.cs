using Cells.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Actors;

public sealed class MailboxTests : SteppedFixture
{
    [Test]
    public void A_tell_to_a_full_mailbox_is_a_dead_letter_and_there_is_room_again_afterwards()
    {
        var letters = new List<DeadLetter>();
        System.DeadLetters.Published += letters.Add;
        var actor = Start(Note("a").WithMailboxCapacity(2), "a");

        foreach (var text in new[] { "1", "2", "3", "4" })
            actor.Tell(text);
        World.RunUntilIdle();
        TellAndRun(actor, "5");

        Assert.That(Log[^3..], Is.EqualTo(new[] { "a: 1", "a: 2", "a: 5" }));
        Assert.That(letters.Select(letter => letter.Message), Is.EqualTo(new[] { "3", "4" }));
        Assert.That(System.DeadLetters.Counts, Is.EqualTo(new[] { new DeadLetterCount("cell/user/a", "String", DeadLetterReason.MailboxFull, 2) }));
    }

    [Test]
    public void What_the_actor_waits_for_gets_into_a_full_mailbox()
    {
        var source = World.NewCompletion<int>();
        var other = Start(Note("other"), "other");
        var actor = Start(Note("a", preStart: a =>
        {
            a.Context.Watch(other);
            a.Pipe(source.Task, n => $"piped {n}", error => error.Message);
            a.Timers.StartSingleTimer("t", "rung", Ms(1));
        }).WithMailboxCapacity(1), "a");
        System.Stop(other);
        World.RunUntilIdle();

        actor.Tell("fills it");
        source.SetResult(7);
        World.FireDue(World.NextDue!.Value);
        World.RunUntilIdle();

        Assert.That(Log[^4..], Is.EqualTo(new[] { "a: terminated other", "a: fills it", "a: piped 7", "a: rung" }));
    }

    [Test]
    public void Kinds_of_dead_letters_are_bounded()
    {
        for (var i = 0; i < 2_000; i++)
        {
            var actor = Start(Note("a"), $"a{i}");
            System.Stop(actor);
            World.RunUntilIdle();
            actor.Tell("late");
        }

        var counts = System.DeadLetters.Counts;
        Assert.That(counts, Has.Count.EqualTo(1025));
        Assert.That(counts.Sum(count => count.Count), Is.EqualTo(2_000));
        Assert.That(counts[0], Is.EqualTo(new DeadLetterCount("(others)", "(others)", DeadLetterReason.Stopped, 976)));
    }
}
