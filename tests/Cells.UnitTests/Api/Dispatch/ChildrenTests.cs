using Cells.Api.Dispatch;
using Cells.Contracts;
using Cells.Contracts.Messages;
using Cells.Messaging.Links;
using NUnit.Framework;

namespace Cells.UnitTests.Api.Dispatch;

public sealed class ChildrenTests
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly CellName Here = CellName.Parse("here");
    private static readonly CellName A = CellName.Parse("a");
    private static readonly CellName A1 = CellName.Parse("a-1");
    private static readonly CellName B = CellName.Parse("b");

    private readonly HashSet<CellName> _full = [];
    private readonly Children _children;

    public ChildrenTests() => _children = new Children([A, B], _full.Contains);

    private static CellNews News(CellName cell, int vcpus, long countsWorkUpTo = 0, params CellName[] below) => new(
        cell, CellKind.Compute, new CapacitySummary(countsWorkUpTo, [new HostGroup("any", "nova", [], [new FreeVector(vcpus, vcpus * 1024L, 1L << 50, 1)])], []),
        [new ReachedCell(cell, null, CellKind.Compute, 1, 1, 0, false), .. below.Select(b => new ReachedCell(b, cell, CellKind.Compute, 2, 1, 3, false))]);

    private static BuildInstance Build(int vcpus = 1, int id = 1) => new(
        new InstanceId(new Guid(id, 0, 0, new byte[8])), 1, 1, 0, new ProjectId(Guid.Empty), new UserId(Guid.Empty), "r", "s",
        new Flavor("1", "f", vcpus, 512, 1), new ImageSpec(new ImageId(Guid.Empty), 1, "00", "raw"), PlacementHints.None);

    private CellChoice Choose(BuildInstance build, params CellName[] tried) => _children.Choose(Here, build, tried, new Random(1));

    [Test]
    public void Before_anybody_is_heard_nobody_is_asked_and_it_is_worth_waiting()
    {
        var choice = Choose(Build());

        Assert.That((choice.Child, choice.MayComeLater), Is.EqualTo(((CellName?)null, true)));
    }

    [Test]
    public void While_one_child_has_no_room_and_the_other_has_said_nothing_yet_it_is_worth_waiting()
    {
        _children.OnNews(A, News(A, 2), T0);

        Assert.That(Choose(Build(vcpus: 4)).MayComeLater, Is.True);
    }

    [Test]
    public void When_one_has_no_room_and_the_other_is_down_there_is_nothing_to_wait_for()
    {
        _children.OnNews(A, News(A, 2), T0);
        _children.OnHealth(B, NeighbourHealth.Down, T0);

        var choice = Choose(Build(vcpus: 4));

        Assert.That((choice.Child, choice.MayComeLater, choice.Why.Silent), Is.EqualTo(((CellName?)null, false, new[] { "b" })));
    }

    [Test]
    public void A_cell_is_heard_while_everybody_on_a_way_to_it_is()
    {
        var (below, silent) = (CellName.Parse("below"), CellName.Parse("silent"));
        var news = News(A, 2, 0, below, silent);
        _children.OnNews(A, news with { Reaches = [.. news.Reaches.Select(r => r.Cell == silent ? r with { Silent = true } : r)] }, T0);

        Assert.That(new[] { A, B, below, silent }.Select(_children.Hears), Is.EqualTo(new[] { true, false, true, false }));
        _children.OnHealth(A, NeighbourHealth.Down, T0);
        Assert.That(new[] { A, below }.Select(_children.Hears), Is.All.False);
    }

    [Test]
    public void A_dispatch_takes_its_room_until_a_summary_counts_it_or_it_is_refused()
    {
        _children.OnNews(A, News(A, 2), T0);
        _children.OnHealth(B, NeighbourHealth.Down, T0);
        _children.OnSent(A, 7, Build(vcpus: 2, id: 1));
        Assert.That(Choose(Build(vcpus: 2)).Child, Is.Null);

        _children.OnNews(A, News(A, 2, countsWorkUpTo: 6), T0);
        Assert.That(Choose(Build(vcpus: 2)).Child, Is.Null, "the summary does not count number 7");

        _children.OnSettled(A, Build(id: 1).Instance);
        Assert.That(Choose(Build(vcpus: 2)).Child, Is.EqualTo(A));

        _children.OnSent(A, 8, Build(vcpus: 2, id: 2));
        _children.OnNews(A, News(A, 2, countsWorkUpTo: 8), T0);
        Assert.That(Choose(Build(vcpus: 2)).Child, Is.EqualTo(A), "what is free now is free beside number 8");
    }

    [Test]
    public void A_child_whose_lane_is_full_is_asked_only_when_every_lane_is_full()
    {
        _children.OnNews(A, News(A, 64), T0);
        _children.OnNews(B, News(B, 2), T0);

        _full.Add(A);
        var other = Choose(Build()).Child;
        _full.Add(B);
        var best = Choose(Build()).Child;

        Assert.That((other, best), Is.EqualTo(((CellName?)B, (CellName?)A)));
    }

    [Test]
    public void The_way_to_a_cell_is_the_child_that_names_it()
    {
        _children.OnNews(A, News(A, 2, 0, A1), T0);

        Assert.Multiple(() =>
        {
            Assert.That(_children.WayTo(A1), Is.EqualTo(A));
            Assert.That(_children.IsUnder(A1, A), Is.True);
            Assert.That(_children.IsUnder(A1, B), Is.False);
            Assert.That(_children.WayTo(CellName.Parse("nowhere")), Is.Null);
        });
    }

    [Test]
    public void A_cell_below_a_child_is_as_old_as_the_child_said_and_the_time_since()
    {
        var news = News(A, 2, 0, A1);
        _children.OnNews(A, news with { Reaches = [.. news.Reaches.Select(r => r.Cell == A1 ? r with { Silent = true, SecondsSinceHeard = 40 } : r)] }, T0);

        var ages = _children.Reaches(Here, CellKind.Routing, T0 + TimeSpan.FromSeconds(3)).Select(r => $"{r.Cell} {r.SecondsSinceHeard}");

        Assert.That(ages, Is.EqualTo(new[] { $"{Here} 0", $"{A} 3", $"{A1} 43", $"{B} " }));
    }

    [Test]
    public void The_news_for_the_next_parent_are_what_is_heard_less_what_was_sent()
    {
        _children.OnNews(A, News(A, 4, 0, A1), T0);
        _children.OnNews(B, News(B, 8), T0);
        _children.OnHealth(B, NeighbourHealth.Down, T0);
        _children.OnSent(A, 1, Build(vcpus: 1));

        var news = _children.NewsOf(Here, CellKind.Routing, countsWorkUpTo: 5, T0);

        Assert.Multiple(() =>
        {
            Assert.That(news.Capacity.CountsWorkUpTo, Is.EqualTo(5));
            Assert.That(news.Capacity.Groups.Single().Vectors.Single().Vcpus, Is.EqualTo(3), "the silent child promises nothing");
            Assert.That(news.Reaches.Select(r => $"{r.Parent}>{r.Cell} {r.Silent}"), Is.EqualTo(new[]
            {
                ">here False", "here>a False", "a>a-1 False", "here>b True",
            }));
        });
    }

    [Test]
    public void A_summary_counts_work_up_to_the_first_unfinished_message_of_the_present_incarnation()
    {
        var count = new WorkCount();
        Assert.That(count.UpTo(watermark: 9), Is.EqualTo(9), "after a start the link knows");

        foreach (var number in new long[] { 10, 11, 12 })
            count.Received(incarnation: 1, number);
        count.Finished(11);
        Assert.That(count.UpTo(9), Is.EqualTo(9));
        count.Finished(10);
        Assert.That(count.UpTo(9), Is.EqualTo(11));
        count.Finished(12);
        Assert.That(count.UpTo(9), Is.EqualTo(12));

        count.Received(incarnation: 2, 1);
        Assert.That(count.UpTo(0), Is.Zero);
    }
}
