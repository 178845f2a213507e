using System.Diagnostics;
using Cells.Messaging.Actors;
using Mono.Cecil;
using Mono.Cecil.Cil;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Actors;

/// <summary>The hand-over between an actor that goes idle and a sender that finds it busy, on real threads. A lost wake-up shows as a
/// message that lies in a mailbox for ever: the watchdog then fails with the state of the mailboxes.</summary>
/// <remarks>Seen to fail: with <c>Volatile.Write</c> in place of the exchange in <see cref="Runnable.Leave"/>, the test of a message that
/// meets its actor going idle failed in 4 of 6 runs of 20 million messages, after 1.1, 1.4, 2.8 and 5.9 million, with
/// <c>scheduled=False messages=1</c>; the two actors did not in 72 million. Without two free cores nothing failed:
/// hence the test that reads the code.</remarks>
public sealed class LostWakeUpTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);   // a busy machine stalls for a second, never for ten

    private readonly ActorSystem _system = new("stress", new ThreadPoolDispatcher(), TimeProvider.System);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _handled;

    [Test]
    public async Task Two_actors_that_hand_one_message_to_and_fro_never_lose_it([Values(1, 64)] int throughput)
    {
        const int messages = 3_000_000;
        var system = new ActorSystem("stress", new ThreadPoolDispatcher(throughput), TimeProvider.System);
        var ping = system.ActorOf(Props.Create(() => new Counting(messages, this)), "ping");
        var pong = system.ActorOf(Props.Create(() => new Counting(messages, this)), "pong");

        ping.Tell(new Ball(), pong);
        await AllHandled(messages, ping, pong);

        Assert.That(_handled, Is.EqualTo(messages));
    }

    [Test]
    public void A_message_that_meets_its_actor_going_idle_is_never_lost()
    {
        const int messages = 3_000_000;
        var actor = _system.ActorOf(Props.Create(() => new Counting(int.MaxValue, this)), "target");

        // On a machine busy with other things the two threads seldom run at the same time: then time ends it, not the count.
        var clock = Stopwatch.StartNew();
        var sent = 0;

        // The sender's last Tell left the actor's "scheduled" flag in the sender's cache, so the actor's own write of it is slow, and
        // the next Tell comes in that moment. The pause sweeps over some hundreds of nanoseconds to meet it.
        while (sent < messages && clock.Elapsed < Silence)
        {
            actor.Tell("message");
            AwaitHandled(++sent, actor);
            for (var pause = sent % 500; pause > 0; pause--)
                Volatile.Read(ref _handled);
        }

        TestContext.Out.WriteLine($"{sent} messages in {clock.Elapsed}");
        Assert.That(_handled, Is.EqualTo(sent));
    }

    /// <summary>The race needs two free cores to show; this does not.</summary>
    [Test]
    public void Leaving_the_scheduled_state_is_an_interlocked_operation_before_the_look_into_the_mailbox()
    {
        using var assembly = AssemblyDefinition.ReadAssembly(typeof(Runnable).Assembly.Location);
        var leave = assembly.MainModule.GetType(typeof(Runnable).FullName).Methods.Single(method => method.Name == nameof(Runnable.Leave));

        var touches = leave.Body.Instructions
            .Where(instruction => instruction.OpCode.FlowControl == FlowControl.Call || instruction.OpCode.Code == Code.Stfld)
            .Select(instruction => ((MemberReference)instruction.Operand).Name);

        Assert.That(touches.Take(2), Is.EqualTo(new[] { nameof(Interlocked.Exchange), "get_HasWork" }));
    }

    [Test]
    public async Task Many_senders_that_find_an_actor_now_busy_now_idle_never_lose_a_message()
    {
        const int senders = 4, each = 500_000;
        var actor = _system.ActorOf(Props.Create(() => new Counting(senders * each, this)).WithMailboxCapacity(int.MaxValue), "target");

        var threads = Enumerable.Range(0, senders).Select(n => new Thread(() =>
        {
            // Pauses of random length let the mailbox run empty now and then: that is the moment under test.
            var random = new Random(n);
            for (var i = 0; i < each; i++)
            {
                actor.Tell("message");
                if (random.Next(8) == 0)
                    Thread.SpinWait(random.Next(200));
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        await AllHandled(senders * each, actor);
        threads.ForEach(thread => thread.Join());

        Assert.That(_handled, Is.EqualTo(senders * each));
        Assert.That(_system.DeadLetters.Counts, Is.Empty);
    }

    [Test]
    public async Task Actors_that_fail_restart_and_resume_under_load_lose_no_message()
    {
        const int senders = 2, each = 100_000;
        var strategy = new OneForOneStrategy(-1, TimeSpan.Zero, e => e is TimeoutException ? Directive.Resume : Directive.Restart, TimeSpan.Zero, TimeSpan.Zero);
        var props = Props.Create(() => new Counting(senders * each, this)).WithMailboxCapacity(int.MaxValue);
        var parent = _system.ActorOf(Props.Create(() => new Supervising(props)).WithSupervisorStrategy(strategy), "parent");
        var child = await parent.Ask<IActorRef>("child", Silence, CancellationToken.None);

        var threads = Enumerable.Range(0, senders).Select(n => new Thread(() =>
        {
            for (var i = 0; i < each; i++)
            {
                if (i % 100 == n)
                    child.Tell(i % 200 < 100 ? new TimeoutException() : new InvalidOperationException());
                child.Tell("message");
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        await AllHandled(senders * each, parent, child);
        threads.ForEach(thread => thread.Join());

        Assert.That(_handled, Is.EqualTo(senders * each));
    }

    [Test]
    public async Task Asks_from_many_callers_are_all_answered()
    {
        const int callers = 32, each = 5_000;
        var echo = _system.ActorOf(Props.Create(() => new Echo()), "echo");

        async Task<long> CallAsync()
        {
            var sum = 0L;
            for (var i = 0; i < each; i++)
                sum += await echo.Ask<int>(i, Silence, CancellationToken.None);
            return sum;
        }
        var sums = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(CallAsync)));

        Assert.That(sums, Is.All.EqualTo((long)each * (each - 1) / 2));
    }

    [Test]
    public async Task A_tell_that_races_with_the_actors_end_is_handled_or_a_dead_letter()
    {
        const int rounds = 3_000, each = 20, all = rounds * each;
        _system.DeadLetters.Published += _ => CountOne(all);
        for (var round = 0; round < rounds; round++)
        {
            var actor = _system.ActorOf(Props.Create(() => new Counting(all, this)), $"a{round}");
            var telling = Task.Run(() =>
            {
                for (var i = 0; i < each; i++)
                    actor.Tell("message");
            });
            _system.Stop(actor);
            await telling;
        }
        await AllHandled(all);

        Assert.That(_handled, Is.EqualTo(all));
        Assert.That(_system.DeadLetters.Counts, Is.Not.Empty, "some messages came after the end");
    }

    private void CountOne(long last)
    {
        if (Interlocked.Increment(ref _handled) == last)
            _done.SetResult();
    }

    private async Task AllHandled(long messages, params IActorRef[] actors)
    {
        var seen = -1L;
        while (await Task.WhenAny(_done.Task, Task.Delay(Silence)) != _done.Task)
        {
            var now = Interlocked.Read(ref _handled);
            if (now == seen)
                Assert.Fail($"Nothing was handled for {Silence}, {now} of {messages} before: a wake-up was lost. {string.Join("; ", actors.Select(Describe))}");
            seen = now;
        }
    }

    /// <summary>Spins: going to sleep would miss the moment under test. Yields when the actor's thread seems to lack a core.</summary>
    private void AwaitHandled(long count, IActorRef actor)
    {
        for (var spins = 1; Interlocked.Read(ref _handled) < count; spins++)
        {
            if (spins % 10_000 == 0 && !SpinWait.SpinUntil(() => Interlocked.Read(ref _handled) >= count, Silence))
                Assert.Fail($"Message {count} was not handled within {Silence}: a wake-up was lost. {Describe(actor)}");
        }
    }

    private static string Describe(IActorRef actor) => ((LocalActorRef)actor).Cell.Describe();

    private sealed record Ball;

    private sealed class Counting : ReceiveActor
    {
        public Counting(int last, LostWakeUpTests test)
        {
            Receive<string>(_ => test.CountOne(last));
            Receive<Ball>(ball =>
            {
                test.CountOne(last);
                if (Interlocked.Read(ref test._handled) < last)
                    Sender.Tell(ball, Self);
            });
            Receive<Exception>(error => throw error);
        }
    }

    private sealed class Supervising : ReceiveActor
    {
        public Supervising(Props child)
        {
            Context.ActorOf(child, "child");
            Receive<string>(name => Sender.Tell(Context.Child(name)));
        }
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => Receive<int>(n => Sender.Tell(n));
    }
}
