using Cells.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Actors;

public sealed class AskAndPipeTests : SteppedFixture
{
    [Test]
    public void An_answer_completes_the_ask_in_a_step_of_its_own_on_the_stepping_thread()
    {
        var echo = Start(Note("echo", constructing: e => e.On<int>(n =>
        {
            e.Sender.Tell(n + 1);
            e.Note("answered");
        })), "echo");
        var thread = 0;
        async Task AskAsync()
        {
            Log.Add($"got {await echo.Ask<int>(41, Ms(100), CancellationToken.None)}");
            thread = Environment.CurrentManagedThreadId;
        }

        var asking = AskAsync();
        World.RunUntilIdle();

        Assert.That(asking.IsCompletedSuccessfully, Is.True);
        Assert.That(Log[^2..], Is.EqualTo(new[] { "echo: answered", "got 42" }));
        Assert.That(thread, Is.EqualTo(Environment.CurrentManagedThreadId));
        Assert.That(World.NextDue, Is.Null, "the time-out is cancelled");
    }

    [Test]
    public void Without_an_answer_the_ask_times_out_in_the_dispatchers_time_and_a_late_answer_is_a_dead_letter()
    {
        IActorRef? asker = null;
        var mute = Start(Note("mute", constructing: m => m.On<int>(_ => asker = m.Sender)), "mute");

        var answer = mute.Ask<int>(1, Ms(100), CancellationToken.None);
        World.RunFor(Ms(99));
        Assert.That(answer.IsCompleted, Is.False);
        World.RunFor(Ms(1));
        asker!.Tell(5);

        Assert.That(answer.Exception!.InnerException, Is.TypeOf<AskTimeoutException>().With.Message.EqualTo("cell/user/mute did not answer Int32 within 00:00:00.1000000."));
        Assert.That(System.DeadLetters.Counts.Single().Reason, Is.EqualTo(DeadLetterReason.AnswerTooLate));
    }

    [Test]
    public void A_failure_answer_a_wrong_answer_and_a_cancellation_end_the_ask_each_in_its_way()
    {
        var actor = Start(Note("a", constructing: a => a.On<object>(_ => { })), "a");
        var failing = Start(Note("f", constructing: f => f.On<int>(_ => f.Sender.Tell(new Status.Failure(new TimeoutException("x"))))), "f");
        var wrong = Start(Note("w", constructing: w => w.On<int>(_ => w.Sender.Tell("text"))), "w");
        using var source = new CancellationTokenSource();

        var failed = failing.Ask<int>(1, Ms(100), CancellationToken.None);
        var mistyped = wrong.Ask<int>(1, Ms(100), CancellationToken.None);
        var cancelled = actor.Ask<int>(1, Ms(100), source.Token);
        source.Cancel();
        World.RunUntilIdle();

        Assert.That(failed.Exception!.InnerException, Is.TypeOf<TimeoutException>());
        Assert.That(mistyped.Exception!.InnerException, Is.TypeOf<ArgumentException>().With.Message.EqualTo("cell/user/w answered Int32 with String; Int32 was expected."));
        Assert.That(cancelled.IsCanceled, Is.True);
    }

    [Test]
    public void A_piped_task_becomes_a_message_with_its_sender_never_handled_inline()
    {
        var asker = Start(Note("asker"), "asker");
        var actor = Start(Note("a", constructing: a => a.On<int>(n => a.Sender.Tell($"{n}"))), "a");

        actor.Tell(Do(a =>
        {
            a.Pipe(Task.FromResult(3), n => n, error => error.Message, a.Sender);
            a.Note("after pipe");
        }), asker);
        World.RunUntilIdle();

        Assert.That(Log[^2..], Is.EqualTo(new[] { "a: after pipe", "asker: 3" }));
    }

    [Test]
    public void An_error_and_a_cancellation_go_through_the_failure_mapping()
    {
        var actor = Start(Note("a"), "a");

        TellAndRun(actor, Do(a =>
        {
            a.Pipe(Task.FromException<int>(new TimeoutException("late")), n => $"{n}", error => $"{error.GetType().Name} {error.Message}");
            a.Pipe(Task.FromCanceled<int>(new CancellationToken(true)), n => $"{n}", error => error.GetType().Name);
        }));

        Assert.That(Log[^2..], Is.EqualTo(new[] { "a: TimeoutException late", "a: TaskCanceledException" }));
    }

    [Test]
    public void A_mapping_that_throws_is_the_actors_failure()
    {
        var actor = Start(Note("a"), "a");

        TellAndRun(actor, Do(a => a.Pipe<int>(Task.FromResult(3), _ => throw new InvalidOperationException("mapping"), error => error.Message)));
        World.RunFor(Ms(100));

        Assert.That(Log, Does.Contain("a: restarting after mapping"));
    }
}
