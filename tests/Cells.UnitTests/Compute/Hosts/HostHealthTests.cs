using Cells.Compute.Hosts;
using NUnit.Framework;

namespace Cells.UnitTests.Compute.Hosts;

public sealed class HostHealthTests
{
    private static readonly TimeSpan T0 = TimeSpan.FromMinutes(3);

    [Test]
    public void A_host_is_trusted_once_heard_and_not_before()
    {
        var first = HostHealth.FirstSeen(T0);

        Assert.That(first.TakesInstances, Is.False);
        Assert.That(first.On(new HostEvent.Heard(T0)).TakesInstances);
    }

    [TestCase(6, HostStatus.Up)]
    [TestCase(7, HostStatus.Suspect)]
    [TestCase(12, HostStatus.Suspect)]
    [TestCase(13, HostStatus.Down)]
    public void Silence_makes_a_host_suspect_and_then_down(int seconds, HostStatus expected)
    {
        var health = new HostHealth(HostStatus.Up, T0);

        for (var second = 1; second <= seconds; second++)
            health = health.On(new HostEvent.Tick(T0 + TimeSpan.FromSeconds(second)));

        Assert.That(health, Is.EqualTo(new HostHealth(expected, T0)));
    }

    [Test]
    public void One_missed_question_never_makes_a_host_down()
    {
        var health = new HostHealth(HostStatus.Up, T0);
        var heardAgain = T0 + 2 * HostHealth.AskedEach + TimeSpan.FromSeconds(1);

        for (var at = T0; at <= heardAgain; at += TimeSpan.FromSeconds(1))
        {
            health = health.On(new HostEvent.Tick(at));
            Assert.That(health.Status, Is.Not.EqualTo(HostStatus.Down), $"after {at - T0}");
        }

        Assert.That(health.On(new HostEvent.Heard(heardAgain)), Is.EqualTo(new HostHealth(HostStatus.Up, heardAgain)));
    }

    [TestCase(HostStatus.Suspect)]
    [TestCase(HostStatus.Down)]
    public void A_host_that_is_heard_again_is_up(HostStatus before) =>
        Assert.That(new HostHealth(before, T0).On(new HostEvent.Heard(T0 + TimeSpan.FromHours(1))).Status, Is.EqualTo(HostStatus.Up));

    [Test]
    public void Released_from_maintenance_it_must_be_heard_first()
    {
        var released = new HostHealth(HostStatus.Up, T0).On(new HostEvent.Evacuated()).On(new HostEvent.Released(T0));

        Assert.That(released.Status, Is.EqualTo(HostStatus.Suspect));
    }

    [Test]
    public void A_host_that_dies_in_maintenance_is_down_and_in_maintenance_again_when_it_is_heard()
    {
        var health = new HostHealth(HostStatus.Up, T0).On(new HostEvent.Evacuated());

        var dead = health.On(new HostEvent.Tick(T0 + TimeSpan.FromSeconds(13)));
        var disabledAgain = dead.On(new HostEvent.Evacuated());
        var back = disabledAgain.On(new HostEvent.Heard(T0 + TimeSpan.FromSeconds(60)));

        Assert.That(health.On(new HostEvent.Tick(T0 + TimeSpan.FromSeconds(12))).Status, Is.EqualTo(HostStatus.Maintenance));
        Assert.That(dead.Status, Is.EqualTo(HostStatus.Down));
        Assert.That(disabledAgain.Status, Is.EqualTo(HostStatus.Down), "that its pool shows it disabled says nothing of whether it lives");
        Assert.That(back.Status, Is.EqualTo(HostStatus.Maintenance));
    }

    [Test]
    public void Whatever_happens_maintenance_ends_only_by_release([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        var health = new HostHealth(HostStatus.Up, T0).On(new HostEvent.Evacuated());

        for (var step = 0; step < 1_000; step++)
        {
            var at = T0 + TimeSpan.FromSeconds(random.Next(10_000));
            health = health.On(random.Next(2) == 0 ? new HostEvent.Heard(at) : new HostEvent.Tick(at));
            Assert.That(health.TakesInstances, Is.False, $"seed {seed}, step {step}");
            Assert.That(health.Status, Is.AnyOf(HostStatus.Maintenance, HostStatus.Down), $"seed {seed}, step {step}");
        }
        Assert.That(health.On(new HostEvent.Released(T0)).On(new HostEvent.Heard(T0)).Status, Is.EqualTo(HostStatus.Up));
    }
}
