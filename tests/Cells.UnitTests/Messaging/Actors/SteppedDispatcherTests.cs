using Cells.Messaging.Actors;
using NUnit.Framework;

namespace Cells.UnitTests.Messaging.Actors;

public sealed class SteppedDispatcherTests
{
    [Test]
    public void The_same_seed_gives_the_same_trace_and_another_seed_another([Values(1, 2, 3)] int seed)
    {
        var trace = Run(seed);

        Assert.That(Run(seed), Is.EqualTo(trace), $"seed {seed}");
        Assert.That(Run(seed + 100), Is.Not.EqualTo(trace), $"seed {seed}");
        Assert.That(trace.Count(line => line.Contains("Recreate", StringComparison.Ordinal)), Is.GreaterThan(0), "some actors failed");
    }

    [Test]
    public void One_step_handles_one_message_of_one_actor()
    {
        var world = new SteppedDispatcher(new ManualTime());
        var system = new ActorSystem("cell", world, world.Time);
        var seen = new List<StepTrace>();
        world.Observer = seen.Add;
        var a = system.ActorOf(Props.Create(() => new Gossip(0, new Random(1))), "a");
        var b = system.ActorOf(Props.Create(() => new Gossip(0, new Random(1))), "b");
        world.RunUntilIdle();
        a.Tell(1);
        b.Tell(2);
        a.Tell(3);

        world.RunOne(1);
        world.RunOne(0);

        Assert.That(seen[^2..].Select(step => $"{step.Actor} {step.Message}"), Is.EqualTo(new[] { "cell/user/b 2", "cell/user/a 1" }));
        Assert.That(world.Runnable.Select(runnable => runnable.Path.Name), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void A_tell_from_another_thread_is_refused_and_told_at_the_next_step()
    {
        var world = new SteppedDispatcher(new ManualTime());
        var system = new ActorSystem("cell", world, world.Time);
        var actor = system.ActorOf(Props.Create(() => new Gossip(0, new Random(1))), "a");
        world.RunUntilIdle();

        var intruder = new Thread(() => Assert.That(() => actor.Tell(1), Throws.InvalidOperationException));
        intruder.Start();
        intruder.Join();

        Assert.That(() => world.FireDue(TimeSpan.Zero), Throws.InvalidOperationException.With.Message.StartsWith("cell/user/a: called from thread"));
    }

    private static List<string> Run(int seed)
    {
        var random = new Random(seed);
        var world = new SteppedDispatcher(new ManualTime());
        var trace = new List<string>();
        world.Observer = step => trace.Add($"{world.Time.Elapsed} {step.Actor} {step.Message}");
        var systems = Enumerable.Range(0, 3).Select(i => new ActorSystem($"cell{i}", world, world.Time)).ToArray();
        foreach (var system in systems)
        {
            for (var i = 0; i < 5; i++)
                system.ActorOf(Props.Create(() => new Gossip(5, random)), $"a{i}").Tell(1);
        }
        for (var step = 0; step < 2_000; step++)
        {
            if (step == 1_000)
                systems[1].Crash();
            if (world.Count > 0 && random.Next(10) > 0)
                world.RunOne(random.Next(world.Count));
            else if (world.NextDue is { } due)
                world.FireDue(due);
        }
        return trace;
    }

    /// <summary>Tells random children, stops some, fails sometimes, and ticks.</summary>
    private sealed class Gossip : ReceiveActor
    {
        public Gossip(int children, Random random)
        {
            if (children > 0)
                Timers.StartPeriodicTimer("tick", 0, TimeSpan.FromMilliseconds(7));
            Receive<Terminated>(_ => { });
            Receive<int>(n =>
            {
                if (children == 0)
                    return;
                if (random.Next(30) == 0)
                    throw new InvalidOperationException("gossip");
                var name = $"c{random.Next(children)}";
                var child = Context.Child(name);
                if (child.IsNobody())
                    Context.Watch(Context.ActorOf(Props.Create(() => new Gossip(0, random)), name));
                else if (random.Next(5) == 0)
                    Context.Stop(child);
                else
                    child.Tell(n + 1);
            });
        }
    }
}
