using Cells.Messaging.Actors;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Actors;

public sealed class ShutdownAndCrashTests : SteppedFixture
{
    [Test]
    public void Phases_run_in_order_each_waits_for_all_its_tasks_and_the_actors_stop_last()
    {
        Start(Note("a"), "a");
        var slow = World.NewCompletion<bool>();
        Add(CoordinatedShutdown.PhaseServiceStop, "stop");
        System.CoordinatedShutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "slow", async _ =>
        {
            await slow.Task;
            Log.Add("slow");
        });
        Add(CoordinatedShutdown.PhaseServiceUnbind, "unbind");
        Add(CoordinatedShutdown.PhaseBeforeServiceUnbind, "before");
        Log.Clear();

        var run = System.CoordinatedShutdown.Run("test");
        World.RunUntilIdle();
        Assert.That(Log, Is.EqualTo(new[] { "before", "unbind" }));
        slow.SetResult(true);
        World.RunUntilIdle();

        Assert.That(Log, Is.EqualTo(new[] { "before", "unbind", "slow", "stop", "a: stopped" }));
        Assert.That(run.IsCompletedSuccessfully, Is.True);
        Assert.That(System.WhenTerminated.IsCompletedSuccessfully, Is.True);
        Assert.That(System.CoordinatedShutdown.Run("again"), Is.SameAs(run));
    }

    [Test]
    public void What_still_comes_while_the_actors_end_is_counted_and_not_logged_as_something_lost()
    {
        var lines = new List<string>();
        var system = new ActorSystem("ending", World, World.Time, new Noted(lines));
        var actor = system.ActorOf(Note("a"), "a");
        World.RunUntilIdle();
        system.Stop(actor);
        World.RunUntilIdle();
        actor.Tell("lost");
        Assert.That(lines, Has.Count.EqualTo(1));

        system.CoordinatedShutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "tell", _ =>
        {
            actor.Tell("on its way to nobody");
            return Task.CompletedTask;
        });
        system.CoordinatedShutdown.Run("test");
        World.RunUntilIdle();

        Assert.That(lines, Has.Count.EqualTo(1));
        Assert.That(system.DeadLetters.Counts.Single().Count, Is.EqualTo(2));
    }

    [Test]
    public void A_task_that_fails_or_hangs_is_left_behind_after_the_time_out_and_is_told()
    {
        var told = false;
        System.CoordinatedShutdown.SetTimeout(CoordinatedShutdown.PhaseServiceUnbind, Ms(200));
        System.CoordinatedShutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "hangs", stop =>
        {
            stop.Register(() => told = true);
            return World.NewCompletion<bool>().Task;
        });
        System.CoordinatedShutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "throws", _ => throw new InvalidOperationException("no"));
        Add(CoordinatedShutdown.PhaseServiceStop, "stop");

        _ = System.CoordinatedShutdown.Run("test");
        World.RunFor(Ms(199));
        Assert.That((Log.Count, told), Is.EqualTo((0, false)));
        World.RunFor(Ms(1));

        Assert.That(Log, Is.EqualTo(new[] { "stop" }));
        Assert.That(told, Is.True);
        Assert.That(System.WhenTerminated.IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void An_unknown_phase_and_a_task_that_comes_too_late_are_refused()
    {
        Assert.That(() => Add("service-unbnd", "x"), Throws.ArgumentException.With.Message.Contains("service-unbind"));
        _ = System.CoordinatedShutdown.Run("test");
        Assert.That(() => Add(CoordinatedShutdown.PhaseServiceStop, "x"), Throws.InvalidOperationException);
    }

    [Test]
    public void After_termination_no_actor_is_made_and_messages_are_dead_letters()
    {
        var actor = Start(Note("a"), "a");
        _ = System.Terminate();
        World.RunUntilIdle();

        actor.Tell("late");

        Assert.That(() => System.ActorOf(Note("b"), "b"), Throws.InvalidOperationException.With.Message.Contains("terminating"));
        Assert.That(System.DeadLetters.Counts.Single().Count, Is.EqualTo(1));
    }

    [Test]
    public void A_crash_drops_mailboxes_timers_asks_and_piped_results_without_running_anything()
    {
        var source = World.NewCompletion<int>();
        var survivor = new ActorSystem("other", World, World.Time);
        var other = survivor.ActorOf(Note("o"), "o");
        var actor = Start(Note("a", preStart: a =>
        {
            a.Timers.StartPeriodicTimer("k", "tick", Ms(10));
            a.Pipe(source.Task, n => $"piped {n}", error => error.Message);
        }), "a");
        var ask = actor.Ask<int>("question", Ms(100), CancellationToken.None);
        World.RunUntilIdle();
        Log.Clear();
        actor.Tell("waiting");
        other.Tell("goes on");

        System.Crash();
        source.SetResult(1);
        actor.Tell("after");
        System.Stop(actor);
        World.RunFor(TimeSpan.FromSeconds(1));

        Assert.That(Log, Is.EqualTo(new[] { "o: goes on" }));
        Assert.That(ask.IsCompleted, Is.False);
        Assert.That(World.NextDue, Is.Null);
        Assert.That(World.Count, Is.Zero);
        Assert.That(System.DeadLetters.Counts, Is.Empty);
    }

    [Test]
    public void An_actor_may_crash_its_own_system_in_a_handler()
    {
        var actor = Start(Note("a"), "a");
        actor.Tell(Do(a =>
        {
            System.Crash();
            a.Context.Self.Tell("never");
        }));
        actor.Tell("nor this");

        World.RunUntilIdle();

        Assert.That(Log, Is.EqualTo(new[] { "a: constructed", "a: started" }));
        Assert.That(World.Count, Is.Zero);
    }

    private void Add(string phase, string name) => System.CoordinatedShutdown.AddTask(phase, name, _ =>
    {
        Log.Add(name);
        return Task.CompletedTask;
    });

    private sealed class Noted(List<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
                lines.Add(formatter(state, exception));
        }
    }
}
