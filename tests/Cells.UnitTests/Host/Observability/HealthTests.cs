using Cells.Contracts;
using Cells.Host.Observability;
using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.UnitTests.Host.Observability;

public sealed class HealthTests
{
    private static readonly HealthCheck Database = new("database", true, Counts: true, "answers");

    [Test]
    public void A_silent_child_is_told_and_does_not_count()
    {
        HealthCheck[] checks = [Database, Health.Link(Status(NeighbourHealth.Down, TimeSpan.FromSeconds(73)))];

        Assert.That(Health.IsReady(checks), Is.True);
        Assert.That(Health.Text(checks, verbose: true), Is.EqualTo("[+] database: answers\n[!] child east: last heard 73 s ago (does not count)\nready\n"));
        Assert.That(Health.Text(checks, verbose: false), Is.EqualTo("ready\n"));
    }

    [Test]
    public void A_database_that_is_away_counts_and_is_told_without_being_asked()
    {
        HealthCheck[] checks = [Database with { Ok = false, Says = "no answer within 2 s" }, Health.Link(Status(NeighbourHealth.Up, TimeSpan.Zero))];

        Assert.That(Health.IsReady(checks), Is.False);
        Assert.That(Health.Text(checks, verbose: false), Is.EqualTo("[-] database: no answer within 2 s\nnot ready\n"));
    }

    [Test]
    public void A_neighbour_that_was_never_heard_says_so()
    {
        Assert.That(Health.Link(Status(NeighbourHealth.Down, null)).Says, Is.EqualTo("not heard yet"));
    }

    private static LinkStatus Status(NeighbourHealth health, TimeSpan? age) =>
        new(CellName.Parse("east"), NeighbourKind.Child, health, age, 0, 0, 0, 0, 0, 0, 0, 0, null);
}
